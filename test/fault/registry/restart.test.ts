// The registry dies, and comes back knowing nothing: nobody who watches may notice (R4, R5).
import { createRegistry, type Instance, type RegistryEvent } from "@samspel/registry";
import { startEmbeddedRegistry, type EmbeddedRegistry } from "@samspel/registry/embedded";
import assert from "node:assert/strict";
import t from "tap";
import { eventually } from "../../support/eventually.ts";

const protoService = "orders.v1.OrderService";

t.test(
  "a registry restarted without its state: instances come back, watches keep serving the last good set",
  async (t) => {
    let embedded: EmbeddedRegistry = await startEmbeddedRegistry();
    const { port, url } = embedded;
    const joining = createRegistry({ url });
    const events: RegistryEvent[] = [];
    const watching = createRegistry({ url, graceMs: 8_000, onEvent: (event) => events.push(event) });
    t.teardown(async () => {
      await watching.close();
      await joining.close();
      await embedded.close();
    });
    const ids: string[] = [];
    for (const port of [5001, 5002]) {
      const handle = await joining.register({
        name: "orders",
        address: "127.0.0.1",
        port,
        protoServices: [protoService],
        check: port === 5001 ? { type: "ttl", ttlMs: 3_000 } : { type: "none" },
      });
      ids.push(handle.id);
    }
    using watch = watching.watch(protoService);
    await eventually("both are seen", () => assert.equal(watch.current.length, 2));
    const sets: (readonly Instance[])[] = [];
    const following = (async () => {
      for await (const instances of watch) sets.push(instances);
    })();

    for (const round of [1, 2]) {
      await embedded.close();
      await eventually("the watch notices", () => assert.equal(watch.status.type, "unreachable"));
      t.equal(watch.current.length, 2, `round ${round}: the last good set is served without a registry`);
      t.equal((await watching.resolve(protoService)).length, 2);
      embedded = await startEmbeddedRegistry({ port });
      await eventually("both are registered again and the watch is live", async () => {
        const answer = await fetch(`${url}/v1/agent/services`);
        assert.deepEqual(Object.keys(Object(await answer.json())).sort(), ids);
        assert.equal(watch.status.type, "live");
        assert.equal(watch.current.length, 2);
      });
    }
    watch[Symbol.dispose]();
    await following;
    t.ok(
      sets.every((instances) => instances.length > 0),
      `no watch ever saw nobody: ${JSON.stringify(sets.map((instances) => instances.length))}`,
    );
    t.ok(events.some((event) => event.type === "recovered"));
  },
);

t.test("register() waits for a registry that is still starting", async (t) => {
  const first = await startEmbeddedRegistry();
  const { port, url } = first;
  await first.close();
  const registry = createRegistry({ url });
  const registering = registry.register({
    name: "early",
    address: "127.0.0.1",
    port: 5003,
    protoServices: [protoService],
    check: { type: "none" },
  });
  const embedded = await startEmbeddedRegistry({ port });
  t.teardown(async () => {
    await registry.close();
    await embedded.close();
  });
  await registering;
  t.equal((await registry.resolve(protoService)).length, 1);
});

t.test("without a registry, register() says so and names the fix, and a watch waits", async (t) => {
  const closed = await startEmbeddedRegistry();
  await closed.close();
  const registry = createRegistry({ url: closed.url.replace("//", "//user:secret@"), connectTimeoutMs: 200 });
  t.teardown(() => registry.close());
  const registration = { name: "lost", address: "127.0.0.1", port: 5004, protoServices: [protoService] };
  await t.rejects(registry.register(registration), {
    code: "SAMSPEL_REGISTRY_UNREACHABLE",
    retryable: true,
    message: new RegExp(
      `^Cannot register lost-127-0-0-1-5004: the registry at ${closed.url} gives no answer \\(.*ECONNREFUSED.*CONSUL_HTTP_ADDR`,
    ),
  });
  t.same(await registry.resolve(protoService, { timeoutMs: 100 }), []);
  using watch = registry.watch(protoService);
  await eventually("the watch knows why", () => {
    assert.equal(watch.status.type, "unreachable");
    assert.doesNotMatch(String(Object(watch.status).error), /secret/);
  });
});

t.test("close() ends a registration that still waits for its registry", async (t) => {
  const closed = await startEmbeddedRegistry();
  await closed.close();
  const registry = createRegistry({ url: closed.url, connectTimeoutMs: 60_000 });
  const registering = registry.register({
    name: "late",
    address: "127.0.0.1",
    port: 5005,
    protoServices: [],
  });
  const outcome = t.rejects(registering, { code: "SAMSPEL_REGISTRY_UNREACHABLE" });
  await registry.close();
  await outcome;
  t.throws(() => registry.watch(protoService), { message: /it is closed/ });
});
