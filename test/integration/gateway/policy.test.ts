// A gateway's calls go by the policies of what it calls, as the registry says them.
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { createRegistry } from "@samspel/registry";
import t from "tap";
import { LibraryService } from "../../gen/samspel/test/v1/library_pb.ts";
import { startLibrary } from "../../support/library.ts";
import { until } from "../../support/until.ts";

t.test(
  "a policy of the registry holds for the calls that a gateway passes on, of gRPC and of REST",
  async (t) => {
    const { gateway, registryUrl, contexts, at } = await startLibrary(t);
    await using registry = createRegistry({ url: registryUrl });
    const client = createClient(LibraryService, createGrpcTransport({ baseUrl: gateway.url }));
    const byGrpc = async (): Promise<number> => {
      await client.getShelf({ shelfId: "a" });
      return contexts.at(-1)?.timeoutMs() ?? Infinity;
    };
    const byRest = async (): Promise<number> => {
      await (await fetch(at("/v1/shelves/a"))).text();
      return contexts.at(-1)?.timeoutMs() ?? Infinity;
    };
    const { typeName: service } = LibraryService;
    const attemptTimeoutMs = 6_000;
    const policy = {
      methodConfig: [{ name: [{ service, method: "GetShelf" }], samspel: { retry: { attemptTimeoutMs } } }],
    };
    t.ok((await byRest()) > attemptTimeoutMs, "an attempt may take as long as the call");
    await registry.values.write(`samspel/policy/${service}`, JSON.stringify(policy), undefined);
    await until("it holds for gRPC", async () => (await byGrpc()) <= attemptTimeoutMs);
    t.ok((await byRest()) <= attemptTimeoutMs, "and for REST");
  },
);
