// Requests are held to the rules of their proto file, whatever way they come (P1).
import { create } from "@bufbuild/protobuf";
import {
  Code,
  createClient,
  createHandlerContext,
  type ServiceImpl,
  type Transport,
} from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import t, { type Test } from "tap";
import { errorDetail } from "../../../ts-runtime/src/client/index.ts";
import { BadRequestSchema } from "../../../ts-runtime/src/gen/google/rpc/error_details_pb.ts";
import { bind, startRpcServer, type RpcServerOptions } from "../../../ts-runtime/src/service/index.ts";
import { toldService } from "../../../ts-runtime/src/tell/index.ts";
import { judge } from "../../../ts-runtime/src/tell/verdict.ts";
import { BadRulesService } from "../../gen/samspel/test/v1/bad_rules_pb.ts";
import { PostRequestSchema, RulesService } from "../../gen/samspel/test/v1/rules_pb.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { failureOf } from "../../support/failure-of.ts";

interface Served {
  readonly transports: Readonly<Record<string, Transport>>;
  /** What has come to handlers. */
  readonly seen: string[];
}

function implementation(seen: string[]): ServiceImpl<typeof RulesService> {
  return {
    post({ items }) {
      seen.push("post");
      return { count: items.length };
    },
    async *postAndWatch({ item }) {
      seen.push("postAndWatch");
      yield { sku: item?.sku ?? "" };
    },
    async postAll(requests) {
      let count = 0;
      for await (const { item } of requests) {
        seen.push(`postAll ${item?.sku}`);
        count += 1;
      }
      return { count };
    },
    async *postEach(requests) {
      for await (const { item } of requests) {
        seen.push(`postEach ${item?.sku}`);
        yield { sku: item?.sku ?? "" };
      }
    },
    anything: ({ text }) => ({ text }),
  };
}

async function serve(t: Test, options: Partial<RpcServerOptions> = {}): Promise<Served> {
  const seen: string[] = [];
  const bindings = [bind(RulesService, implementation(seen))];
  const server = await startRpcServer({ logger: silentLogger, ...options, bindings });
  t.teardown(() => server.close());
  const baseUrl = `http://127.0.0.1:${server.port}`;
  return {
    seen,
    transports: {
      gRPC: createGrpcTransport({ baseUrl }),
      "gRPC-Web": createGrpcWebTransport({ baseUrl, httpVersion: "2" }),
      Connect: createConnectTransport({ baseUrl, httpVersion: "2" }),
      "Connect in JSON": createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false }),
    },
  };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

async function* each<T>(...items: T[]): AsyncGenerator<T> {
  yield* items;
}

const good = { sku: "tea-pot", quantity: 1 };
const bad = { sku: "Tea Pot", quantity: 1 };

for (const [way, options] of Object.entries({
  "by our own way": {},
  "within interceptors": { interceptors: [(next) => next] },
} satisfies Record<string, Partial<RpcServerOptions>>)) {
  t.test(`a request that breaks rules never reaches its handler, ${way}`, async (t) => {
    const { transports, seen } = await serve(t, options);
    for (const [name, transport] of Object.entries(transports)) {
      const client = createClient(RulesService, transport);
      const error = await failureOf(
        client.post({ sender: "me", items: [good, { ...bad, quantity: 0 }], receiver: "you", toAll: true }),
      );
      t.equal(error.code, Code.InvalidArgument, name);
      t.match(errorDetail(error), {
        code: "SAMSPEL_INVALID_REQUEST",
        retryable: false,
        metadata: { field: "items[1].sku", rule: "string.pattern" },
      });
      t.match(
        error.rawMessage,
        /^samspel\.test\.v1\.PostRequest is not valid: items\[1\]\.sku: .*; items\[1\]\.quantity: /,
      );
      t.match(
        error.findDetails(BadRequestSchema)[0]?.fieldViolations,
        [
          { field: "items[1].sku", reason: "string.pattern" },
          { field: "items[1].quantity", reason: "int32.gte" },
          { field: "", reason: "post.to_or_all", description: "either a receiver or to_all" },
        ],
        name,
      );
      t.equal((await failureOf(all(client.postAndWatch({})))).code, Code.InvalidArgument, name);
    }
    t.same(seen, []);
    for (const [name, transport] of Object.entries(transports)) {
      const client = createClient(RulesService, transport);
      t.equal((await client.post({ sender: "me", receiver: "you", items: [good] })).count, 1, name);
      t.equal((await all(client.postAndWatch({ item: good })))[0]?.sku, good.sku, name);
      t.equal((await client.anything({ text: "Any Thing" })).text, "Any Thing", name);
    }
  });

  t.test(`each message of a stream is looked at, ${way}`, async (t) => {
    const { transports, seen } = await serve(t, options);
    const client = createClient(RulesService, transports["gRPC"] ?? createGrpcTransport({ baseUrl: "" }));
    t.equal((await client.postAll(each({ item: good }, { item: good }))).count, 2);
    const error = await failureOf(client.postAll(each({ item: good }, { item: bad }, { item: good })));
    t.equal(error.code, Code.InvalidArgument);
    t.equal(errorDetail(error)?.metadata["field"], "item.sku");
    t.equal((await failureOf(all(client.postEach(each({ item: bad }))))).code, Code.InvalidArgument);
    t.same(seen, ["postAll tea-pot", "postAll tea-pot", "postAll tea-pot"]);
  });
}

t.test("a told request that breaks rules is rejected, and not tried again", async (t) => {
  const seen: string[] = [];
  const told = toldService(bind(RulesService, implementation(seen)), []);
  const post = told?.methods.get("Post");
  const context = createHandlerContext({
    service: RulesService,
    method: RulesService.method.post,
    protocolName: "samspel-tell",
    requestMethod: "POST",
    url: "tell://test",
  });
  const request = create(PostRequestSchema, { receiver: "you" });
  const failure: unknown = await post?.invoke(request, context).catch((error: unknown) => error);
  t.match(judge(failure), { type: "rejected", error: { code: Code.InvalidArgument } });
  t.same(seen, []);
});

t.test("rules that cannot be understood are one clear error at the start (A1)", async (t) => {
  t.throws(() => bind(BadRulesService, { nonsense: () => ({}) }), {
    code: "SAMSPEL_INVALID_CONFIGURATION",
    message:
      /rules of samspel\.test\.v1\.NonsenseRequest in samspel\/test\/v1\/bad_rules\.proto cannot be used/,
  });
});

t.test("an implementation that is an object of a class keeps what is its own", async (t) => {
  class Own {
    readonly #count = 7;

    post(): { count: number } {
      return { count: this.#count };
    }

    anything(): { text: string } {
      return { text: String(this.#count) };
    }

    async *postAndWatch(): AsyncGenerator<object> {}

    async postAll(): Promise<object> {
      return {};
    }

    async *postEach(): AsyncGenerator<object> {}
  }
  const server = await startRpcServer({ logger: silentLogger, bindings: [bind(RulesService, new Own())] });
  t.teardown(() => server.close());
  const transport = createGrpcTransport({ baseUrl: `http://127.0.0.1:${server.port}` });
  const client = createClient(RulesService, transport);
  t.equal((await client.post({ sender: "me", toAll: true })).count, 7);
  t.equal((await client.anything({})).text, "7");
});
