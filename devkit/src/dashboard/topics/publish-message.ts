// Publishes a message that somebody wrote, in the place of the service that owns the topic: as its own code would, but for
// `ce-source`, which says that it came from here.
import type { DescMethod, DescMethodServerStreaming, MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { SamspelError } from "@samspel/runtime";
import type {
  PublishMessageRequest,
  PublishMessageResponseSchema,
} from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { DynamicError, readMessage, traceIdOf } from "../../dynamic/index.ts";
import { beginSpan, endedSpan } from "../calls/index.ts";
import { findTopic, type TopicsContext } from "./find-topic.ts";
import { required } from "./nats.ts";

/**
 * Resolves when it is stored; a message of a live topic, when NATS has it.
 *
 * @throws ConnectError NOT_FOUND where nobody serves the topic's method, INVALID_ARGUMENT for what is no such message or
 * has no key, FAILED_PRECONDITION without NATS, UNAVAILABLE where NATS does not answer.
 */
export async function publishMessage(
  context: TopicsContext,
  { topic: name, message: json, headers, id }: PublishMessageRequest,
): Promise<MessageInitShape<typeof PublishMessageResponseSchema>> {
  const { publisher } = required(context.nats, `publish to topic ${name}`);
  const { method, types } = await findTopic(context, name);
  if (!isStream(method))
    throw new ConnectError(`Topic ${name} is no stream of messages`, Code.FailedPrecondition);
  const own = beginSpan(headers);
  const startMs = Date.now();
  const record = (messageId: string, failure?: string): void => {
    if (own === undefined) return;
    const span = endedSpan(own, {
      name: `publish ${name}`,
      kind: "PRODUCER",
      startMs,
      durationMs: Date.now() - startMs,
      attributes: {
        "messaging.system": "nats",
        "messaging.operation.type": "send",
        "messaging.destination.name": name,
        ...(messageId === "" ? {} : { "messaging.message.id": messageId }),
      },
      failure,
    });
    context.collector?.record([span]);
  };
  try {
    const message = readMessage(method.output, json, types);
    const published = await publisher.publish(method, message, {
      id: id === "" ? undefined : id,
      headers: { ...headers, ...own?.headers },
    });
    record(published.id);
    const traceId = own?.traceId ?? traceIdOf(headers);
    return { ...published, partition: published.partition ?? 0, traceId: traceId ?? "" };
  } catch (error) {
    const refusal = refusalOf(error);
    // What was not sent has no trace.
    if (refusal.code !== Code.InvalidArgument) record(id, refusal.rawMessage);
    throw refusal;
  }
}

function isStream(method: DescMethod): method is DescMethodServerStreaming {
  return method.methodKind === "server_streaming";
}

function refusalOf(error: unknown): ConnectError {
  if (error instanceof SamspelError) return new ConnectError(error.message, error.grpc);
  // Without a key, or with a header that cannot be one.
  if (error instanceof DynamicError || error instanceof TypeError)
    return new ConnectError(error.message, Code.InvalidArgument);
  return ConnectError.from(error);
}
