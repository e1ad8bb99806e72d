// Our client as a program of the conformance suite: makes each call that is asked of it, and tells what came of it.
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  createGrpcClientTransport,
  Deadlines,
  NodeClientConnection,
} from "../../ts-runtime/src/grpc/index.ts";
import {
  ClientCompatRequestSchema,
  ClientCompatResponseSchema,
  type ClientCompatRequest,
} from "../gen/connectrpc/conformance/v1/client_compat_pb.ts";
import { Compression } from "../gen/connectrpc/conformance/v1/config_pb.ts";
import { runCall } from "./client-calls.ts";
import { readMessages, writeMessage } from "./frames.ts";

const deadlines = new Deadlines();
const encodings: ReadonlyMap<Compression, "gzip" | "br"> = new Map([
  [Compression.GZIP, "gzip"],
  [Compression.BR, "br"],
]);

async function answer(asked: ClientCompatRequest): Promise<void> {
  const { host, port, serverTlsCert, clientTlsCreds } = asked;
  const isTls = serverTlsCert.length > 0;
  const carrier = new NodeClientConnection(
    `${isTls ? "https" : "http"}://${host}:${port}`,
    isTls
      ? {
          ca: Buffer.from(serverTlsCert),
          ...(clientTlsCreds === undefined
            ? {}
            : { cert: Buffer.from(clientTlsCreds.cert), key: Buffer.from(clientTlsCreds.key) }),
        }
      : undefined,
  );
  const requestEncoding = encodings.get(asked.compression);
  const transport = createGrpcClientTransport({
    carrier,
    deadlines,
    maxBytes: asked.messageReceiveLimit === 0 ? 4 * 1024 * 1024 : asked.messageReceiveLimit,
    ...(requestEncoding === undefined ? {} : { requestEncoding, compressMinBytes: 0 }),
  });
  const { testName } = asked;
  let result: MessageInitShape<typeof ClientCompatResponseSchema>;
  try {
    result = { testName, result: { case: "response", value: await runCall(transport, asked) } };
  } catch (error) {
    result = { testName, result: { case: "error", value: { message: String(error) } } };
  }
  writeMessage(ClientCompatResponseSchema, create(ClientCompatResponseSchema, result), process.stdout);
  carrier.retire();
}

// Few at a time: a call that has to wait for hundreds of others has less of its deadline left than the suite expects.
const atOnce = 4;
const running = new Set<Promise<void>>();
for await (const asked of readMessages(ClientCompatRequestSchema, process.stdin)) {
  const call = answer(asked).finally(() => running.delete(call));
  running.add(call);
  if (running.size >= atOnce) await Promise.race(running);
}
