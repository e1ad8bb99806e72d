// A gateway with an identity calls services by mTLS, as any service does; their intentions know it by its name.
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import { callerOf } from "@samspel/runtime";
import t from "tap";
import { LibraryService } from "../../gen/samspel/test/v1/library_pb.ts";
import { startLibraryService, startTestGateway } from "../../support/library.ts";

t.test("services see the gateway as who it is, by bytes and by messages", async (t) => {
  const registry = await startEmbeddedRegistry();
  t.teardown(() => registry.close());
  const contexts: Parameters<typeof callerOf>[0][] = [];
  await startLibraryService(t, registry.url, {
    identity: "consul",
    interceptors: [
      (next) => (request) => {
        contexts.push(request);
        return next(request);
      },
    ],
  });
  const gateway = await startTestGateway(t, registry.url, { identity: "consul", name: "edge" });
  const client = createClient(LibraryService, createGrpcTransport({ baseUrl: gateway.url }));
  t.equal((await client.getShelf({ shelfId: "a" })).books, 3);
  t.equal((await fetch(`${gateway.url}/v1/shelves/a`)).status, 200);
  t.same(
    contexts.map((context) => callerOf(context)),
    contexts.map(() => ({
      type: "service",
      service: "edge",
      spiffeId: callerIdOf(contexts[0]),
    })),
  );
  t.equal(contexts.length, 2);
});

function callerIdOf(context: Parameters<typeof callerOf>[0] | undefined): string | undefined {
  const caller = context && callerOf(context);
  return caller?.type === "service" ? caller.spiffeId : undefined;
}

t.test("without one it does not call services that want one", async (t) => {
  const registry = await startEmbeddedRegistry();
  t.teardown(() => registry.close());
  await startLibraryService(t, registry.url, { identity: "consul" });
  const gateway = await startTestGateway(t, registry.url, { timeoutMs: 500 });
  const answer = await fetch(`${gateway.url}/v1/shelves/a`);
  t.ok(answer.status >= 400, `it is ${answer.status}`);
});
