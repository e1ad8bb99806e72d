// Our gateway before our server, as a program of the conformance suite: every call goes through it, converted to gRPC
// where it does not come as that.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { createRegistry } from "@samspel/registry";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import { startGateway } from "samspel/gateway";
import { emptyPolicy, policyKey, printStored } from "../../ts-runtime/src/policy/index.ts";
import { bind, startRpcServer } from "../../ts-runtime/src/service/index.ts";
import {
  ServerCompatRequestSchema,
  ServerCompatResponseSchema,
  type ServerCompatRequest,
} from "../gen/connectrpc/conformance/v1/server_compat_pb.ts";
import { ConformanceService } from "../gen/connectrpc/conformance/v1/service_pb.ts";
import { openDescriptors } from "../support/open-descriptors.ts";
import { silentLogger } from "../support/silent-logger.ts";
import { conformanceImpl, noTimeoutMs } from "./conformance-service.ts";
import { readMessages, writeMessage } from "./frames.ts";

/** The suite's certificate and key as the files that a gateway reads; undefined where it wants plaintext. */
function tlsFiles({ useTls, serverCreds }: ServerCompatRequest) {
  if (!useTls || serverCreds === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "samspel-conformance-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const files = { certFile: join(folder, "cert.pem"), keyFile: join(folder, "key.pem") };
  writeFileSync(files.certFile, serverCreds.cert);
  writeFileSync(files.keyFile, serverCreds.key, { mode: 0o600 });
  return files;
}

// The suite makes most calls fail, on purpose: after some dozens of these, a breaker would hold the others up (C4).
const protoService = ConformanceService.typeName;
const key = policyKey({ protoService, service: undefined });
const withoutBreaker = printStored(
  { ...emptyPolicy, calls: new Map([["breaker.enabled", false]]) },
  protoService,
);

for await (const asked of readMessages(ServerCompatRequestSchema, process.stdin)) {
  const logger = silentLogger;
  const embedded = await startEmbeddedRegistry();
  const registry = createRegistry({ url: embedded.url });
  await registry.values.write(key, withoutBreaker, undefined);
  const server = await startRpcServer({
    bindings: [bind(ConformanceService, conformanceImpl)],
    logger,
    timeoutMs: noTimeoutMs,
    ...(asked.messageReceiveLimit === 0 ? {} : { maxReceiveBytes: asked.messageReceiveLimit }),
  });
  await registry.register({
    name: "conformance",
    address: server.host,
    port: server.port,
    protoServices: server.protoServices,
    descriptors: openDescriptors(ConformanceService),
  });
  const tls = tlsFiles(asked);
  const gateway = await startGateway({
    registryUrl: embedded.url,
    logger,
    timeoutMs: noTimeoutMs,
    maxTimeoutMs: noTimeoutMs,
    ...(tls === undefined ? {} : { tls }),
    ...(asked.messageReceiveLimit === 0 ? {} : { maxMessageBytes: asked.messageReceiveLimit }),
  });
  await gateway.ready;
  const { host, port } = gateway;
  writeMessage(
    ServerCompatResponseSchema,
    create(ServerCompatResponseSchema, { host, port, pemCert: asked.serverCreds?.cert ?? new Uint8Array() }),
    process.stdout,
  );
  process.once("SIGTERM", () => process.exit(0));
  break;
}
