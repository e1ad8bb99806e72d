// Keeping what came of tells, before they count as handled.
import { create, type DescMethodUnary, type Message, type MessageInitShape } from "@bufbuild/protobuf";
import { encode } from "../codec/index.ts";
import { anyPack, AnySchema } from "@bufbuild/protobuf/wkt";
import type { ConnectError } from "@connectrpc/connect";
import { TellFailureSchema, TellReplySchema } from "../gen/samspel/v1/tell_pb.ts";
import type { Broker } from "../topic/index.ts";
import { replyStream, replySubject, tellToken, type TellIdentity } from "./address.ts";
import { createMessageStore } from "./message-store.ts";
import { ensureReplyStream } from "./stream.ts";

interface TellFailed {
  readonly error: ConnectError;
  /** Whether the handler said no; else its attempts were exhausted. */
  readonly rejected: boolean;
  readonly attempts: number;
}

/** Stores replies. */
export interface ReplyPublisher extends Disposable {
  /** @throws SAMSPEL_BROKER_UNREACHABLE, SAMSPEL_OVERLOADED. */
  replied(identity: TellIdentity, method: DescMethodUnary, reply: Message): Promise<void>;
  /** @throws SAMSPEL_BROKER_UNREACHABLE, SAMSPEL_OVERLOADED. */
  failed(identity: TellIdentity, failure: TellFailed): Promise<void>;
}

type Outcome = NonNullable<MessageInitShape<typeof TellReplySchema>["outcome"]>;

const timeoutMs = 5_000;
/** What the envelope takes at the most, beside the id. */
const envelopeBytes = 4_096;
const defaultMaxBytes = 1024 * 1024;

export function createReplyPublisher(broker: Broker): ReplyPublisher {
  const store = createMessageStore({ broker });
  const makeStream = (): Promise<unknown> => ensureReplyStream(broker);

  const publish = (identity: TellIdentity, outcome: Outcome): Promise<void> => {
    const { service, method, id } = identity;
    const token = tellToken(identity);
    return store.store({
      stream: replyStream,
      subject: `${broker.prefix}${replySubject(service, token)}`,
      body: encode(TellReplySchema, create(TellReplySchema, { id, method, outcome })),
      headers: "",
      key: token,
      timeoutMs,
      makeStream,
      what: `keep the reply to a tell of ${service}.${method}`,
    });
  };

  return {
    replied(identity, { output }, reply) {
      const value = encode(output, reply);
      const limit = (broker.connection.info?.max_payload ?? defaultMaxBytes) - envelopeBytes;
      return publish(
        identity,
        value.length > limit
          ? { case: "tooLarge", value: BigInt(value.length) }
          : { case: "response", value },
      );
    },
    failed: (identity, { error, rejected, attempts }) =>
      publish(identity, { case: "failure", value: failureOf(error, rejected, attempts) }),
    [Symbol.dispose]: () => store[Symbol.dispose](),
  };
}

const maxMessageLength = 4_096;
const maxDetailsBytes = 64 * 1024;

function failureOf(
  error: ConnectError,
  rejected: boolean,
  attempts: number,
): MessageInitShape<typeof TellFailureSchema> {
  const details = error.details.map((detail) =>
    "desc" in detail
      ? anyPack(detail.desc, create(detail.desc, detail.value))
      : create(AnySchema, { typeUrl: `type.googleapis.com/${detail.type}`, value: detail.value }),
  );
  const bytes = details.reduce((sum, { value }) => sum + value.length, 0);
  return {
    code: error.code,
    message: error.rawMessage.slice(0, maxMessageLength),
    details: bytes <= maxDetailsBytes ? details : [],
    rejected,
    attempts,
  };
}
