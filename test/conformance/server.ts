// Our server as a program of the conformance suite: reads what is asked of it, says where it listens, serves until SIGTERM.
import { create } from "@bufbuild/protobuf";
import { bind, startRpcServer } from "../../ts-runtime/src/service/index.ts";
import { createLogger } from "../../ts-runtime/src/telemetry/index.ts";
import {
  ServerCompatRequestSchema,
  ServerCompatResponseSchema,
} from "../gen/connectrpc/conformance/v1/server_compat_pb.ts";
import { ConformanceService } from "../gen/connectrpc/conformance/v1/service_pb.ts";
import { conformanceImpl, noTimeoutMs } from "./conformance-service.ts";
import { readMessages, writeMessage } from "./frames.ts";
import { suiteIdentity } from "./suite-identity.ts";

for await (const asked of readMessages(ServerCompatRequestSchema, process.stdin)) {
  const server = await startRpcServer({
    bindings: [bind(ConformanceService, conformanceImpl)],
    logger: createLogger({ service: "conformance", level: "silent" }),
    timeoutMs: noTimeoutMs,
    identity: suiteIdentity(asked),
    ...(asked.messageReceiveLimit === 0 ? {} : { maxReceiveBytes: asked.messageReceiveLimit }),
  });
  const { host, port } = server;
  writeMessage(
    ServerCompatResponseSchema,
    create(ServerCompatResponseSchema, { host, port, pemCert: asked.serverCreds?.cert ?? new Uint8Array() }),
    process.stdout,
  );
  process.once("SIGTERM", () => void server.close());
  break;
}
