// gRPC's own interop suite in both directions: the cases of grpc-go against a service of ours, and the same cases by our
// client against grpc-go's server. Each is one line of https://github.com/grpc/grpc/blob/master/doc/interop-test-descriptions.md;
// docs/reference/conformance.md says which are left out, and why.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { createClient } from "@connectrpc/connect";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import { serve, startService } from "@samspel/runtime";
import t from "tap";
import { createClients } from "../../../ts-runtime/src/client/index.ts";
import {
  createGrpcClientTransport,
  Deadlines,
  NodeClientConnection,
} from "../../../ts-runtime/src/grpc/index.ts";
import { TestService, UnimplementedService } from "../../gen/grpc/testing/test_pb.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { fixedSource } from "../../integration/calls/echo-server.ts";
import { missingGo } from "../go/go-toolchain.ts";
import { clientCases } from "./client-cases.ts";
import { builtGrpcGo, startGrpcGo } from "./grpc-go.ts";
import { testServiceImpl } from "./test-service.ts";

// With nothing in any cache, grpc-go itself is compiled.
const missing = await missingGo();
const options = missing === undefined ? {} : { skip: missing };

/** Those of cases.go. */
const serverCases = [
  "empty_unary",
  "large_unary",
  "cacheable_unary",
  "client_streaming",
  "server_streaming",
  "ping_pong",
  "empty_stream",
  "client_compressed_unary",
  "client_compressed_streaming",
  "server_compressed_unary",
  "server_compressed_streaming",
  "timeout_on_sleeping_server",
  "cancel_after_begin",
  "cancel_after_first_response",
  "custom_metadata",
  "status_code_and_message",
  "special_status_message",
  "unimplemented_method",
  "unimplemented_service",
  "concurrent_large_unary",
  "rpc_soak",
  "channel_soak",
];

t.test("a service passes the cases of a stock Go client", options, async (t) => {
  const program = await builtGrpcGo();
  const registry = await startEmbeddedRegistry();
  t.teardown(() => registry.close());
  const service = await startService({
    name: "interop",
    services: [serve(TestService, testServiceImpl)],
    registryUrl: registry.url,
    host: "127.0.0.1",
    port: 0,
    ownsProcess: false,
    logger: silentLogger,
  });
  t.teardown(() => service.stop());
  for (const name of serverCases) {
    const outcome = await promisify(execFile)(program, ["client", `127.0.0.1:${service.port}`, name]).then(
      () => "passed",
      ({ stderr }: { stderr: string }) => stderr,
    );
    t.equal(outcome, "passed", name);
  }
});

t.test("our client passes the cases with a stock Go server", options, async (t) => {
  const server = await startGrpcGo(["serve"]);
  t.teardown(() => server.process.stdin.end());
  const port = Number(await server.nextLine());
  const connect = () => createClients({ registry: fixedSource({ address: "127.0.0.1", port, meta: {} }) });
  const clients = connect();
  t.teardown(() => clients.close());
  const carrier = new NodeClientConnection(`http://127.0.0.1:${port}`);
  t.teardown(() => carrier.close());
  const compressing = createGrpcClientTransport({
    carrier,
    deadlines: new Deadlines(),
    maxBytes: 4 * 1024 * 1024,
    requestEncoding: "gzip",
    compressMinBytes: 0,
  });
  const context = {
    test: clients.client(TestService),
    unimplemented: clients.client(UnimplementedService),
    compressing: createClient(TestService, compressing),
    reconnect() {
      const own = connect();
      return { test: own.client(TestService), close: () => own.close() };
    },
  };
  for (const [name, run] of Object.entries(clientCases)) await t.resolves(run(context), name);
});
