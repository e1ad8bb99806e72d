import t from "tap";
import type { ConsulHttp } from "../consul/index.ts";
import { unreachable } from "../errors.ts";
import { resolveRegistryOptions } from "../options.ts";
import { createSource, nextIndex } from "./source.ts";

type Scripted = { readonly index: bigint; readonly body: unknown } | "failure";

/** Answers from a script, noting the index that each request sent; at its end it never answers. */
function scripted(script: readonly Scripted[]) {
  const sent: (string | undefined)[] = [];
  const stale: boolean[] = [];
  const http: ConsulHttp = {
    async get({ query, signal }) {
      const step = script[sent.length];
      sent.push(query?.["index"]);
      stale.push(query?.["stale"] !== undefined);
      if (step === "failure") throw unreachable("http://registry", "watch", new Error("gone"));
      if (step !== undefined)
        return { status: 200, contentHash: undefined, filtered: false, deniesByDefault: false, ...step };
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      signal.throwIfAborted();
      throw new Error("unreached");
    },
    send: () => Promise.reject(new Error("a watch changes nothing")),
    close() {},
  };
  return { http, sent, stale };
}

t.test(
  "createSource() begins without an index, follows it beyond 2^53, and begins anew when it goes back or fails",
  async (t) => {
    const huge = 14350325441617796279n;
    const { http, sent } = scripted([
      { index: 5n, body: "a" },
      { index: huge, body: "b" },
      { index: 3n, body: "c" },
      { index: 4n, body: "d" },
      "failure",
      { index: 9n, body: "e" },
    ]);
    const source = createSource(http, resolveRegistryOptions({}, {}), {
      what: "watch",
      path: "/",
      parse: (body) => body,
    });
    const seen: unknown[] = [];
    const finished = Promise.withResolvers<void>();
    const leave = source.subscribe(() => {
      const { state } = source;
      seen.push(
        state.type === "live" ? state.value : state.type === "unreachable" ? { kept: state.last?.value } : "",
      );
      if (seen.length === 6) finished.resolve();
    });
    await finished.promise;
    t.same(seen, ["a", "b", "c", "d", { kept: "d" }, "e"]);
    t.same(sent.slice(0, 6), [undefined, "5", String(huge), undefined, "4", undefined]);
    leave();
    t.same(source.state, { type: "waiting" }, "nobody listens: nothing is known");
  },
);

t.test("createSource() reads what changes all the time ten times a second", async (t) => {
  const { http } = scripted(
    Array.from({ length: 10 }, (_, i) => BigInt(i + 1)).map((index) => ({ index, body: index })),
  );
  const source = createSource(http, resolveRegistryOptions({}, {}), {
    what: "watch",
    path: "/",
    parse: (body) => body,
  });
  const startedAt = performance.now();
  const finished = Promise.withResolvers<void>();
  const leave = source.subscribe(() => {
    if (source.index === 10n) finished.resolve();
  });
  await finished.promise;
  // The first is no poll, five may be short; after the seventh, the eighth and the ninth there is a pause.
  t.ok(performance.now() - startedAt >= 290, "and not as fast as the registry answers");
  leave();
});

t.test("createSource() takes the word of any server only while it knows nothing (S4)", async (t) => {
  const { http, stale } = scripted([
    "failure",
    { index: 2n, body: "a" },
    "failure",
    "failure",
    { index: 3n, body: "b" },
  ]);
  const source = createSource(http, resolveRegistryOptions({}, {}), {
    what: "watch",
    path: "/",
    parse: String,
  });
  const finished = Promise.withResolvers<void>();
  const leave = source.subscribe(() => {
    if (source.index === 3n) finished.resolve();
  });
  await finished.promise;
  t.same(stale.slice(0, 5), [false, true, false, false, false]);
  leave();
});

t.test("createSource() polls once for all who subscribe", async (t) => {
  const { http, sent } = scripted([{ index: 2n, body: "a" }]);
  const source = createSource(http, resolveRegistryOptions({}, {}), {
    what: "watch",
    path: "/",
    parse: String,
  });
  const answered = Promise.withResolvers<void>();
  const leave = [source.subscribe(answered.resolve), source.subscribe(() => {})];
  await answered.promise;
  t.ok(sent.length <= 2, "one poll, and the one that waits after it");
  for (const each of leave) each();
});

t.test("nextIndex() never goes on with 0", async (t) => {
  t.equal(nextIndex(undefined, 0n), undefined);
  t.equal(nextIndex(4n, undefined), undefined);
  t.equal(nextIndex(4n, 4n), 4n);
});
