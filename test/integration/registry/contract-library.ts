// Our library on top of a registry: joining, finding, and what it does when the registry forgets.
import {
  createRegistry,
  type Instance,
  type Registry,
  type RegistryEvent,
  type RegistryOptions,
} from "@samspel/registry";
import assert from "node:assert/strict";
import type { Test } from "tap";
import { count, uniqueName, type ConsulApi } from "./consul-api.ts";
import { eventually } from "../../support/eventually.ts";
import { startHealthServer } from "./health-server.ts";

export function libraryCases(t: Test, api: ConsulApi): readonly Promise<unknown>[] {
  const open = (t: Test, options: RegistryOptions = {}) => {
    const registry = createRegistry({ url: api.url, ...options });
    t.teardown(() => registry.close());
    return registry;
  };
  return [
    t.test(
      "register() makes an instance that resolve() finds, with all that it says of itself",
      async (t) => {
        const { name, protoService } = words();
        const registry = open(t);
        const handle = await registry.register({
          name,
          address: "127.0.0.1",
          port: 4001,
          protoServices: [protoService, `${protoService}Admin`],
          protocols: ["grpc", "connect"],
          version: "1.2.3",
          zone: "a",
          lang: "ts",
          check: { type: "none" },
        });
        t.equal(handle.id, `${name}-127-0-0-1-4001`);
        t.same(await registry.resolve(protoService), [
          {
            id: handle.id,
            service: name,
            address: "127.0.0.1",
            port: 4001,
            protoServices: [protoService, `${protoService}Admin`],
            meta: {
              protocols: "grpc,connect",
              version: "1.2.3",
              zone: "a",
              lang: "ts",
              secure: "false",
              samspel_contract: "1",
            },
            tags: ["grpc", protoService, `${protoService}Admin`],
            weight: 1,
            datacenter: "dc1",
          },
        ]);
        t.same(
          await registry.resolve(`${protoService}Unknown`, { timeoutMs: 50 }),
          [],
          "nobody within the time",
        );
        await t.rejects(registry.resolve(`${protoService}Unknown`, { signal: AbortSignal.timeout(50) }), {
          name: "TimeoutError",
        });
        await handle.deregister();
        t.equal((await api.get(`/agent/service/${handle.id}`)).status, 404);
      },
    ),

    t.test("watch() follows the passing instances of a proto service, across services", async (t) => {
      const [one, two] = [words(), words()];
      const server = await startHealthServer("watched");
      t.teardown(() => server.close());
      const registry = open(t);
      const watch = registry.watch(one.protoService);
      const sets = watch[Symbol.asyncIterator]();
      const ports = async () =>
        [...((await sets.next()).value ?? [])].map((instance) => instance.port).sort(byNumber);
      t.same(await ports(), [], "first, nobody");
      const check = { type: "none" } as const;
      const base = { address: "127.0.0.1", protoServices: [one.protoService], check };
      await registry.register({ ...base, name: one.name, port: 1 });
      t.same(await ports(), [1]);
      const foreign = await registry.register({ ...base, name: two.name, port: 2 });
      t.same(await ports(), [1, 2], "another service may have the same proto service");
      await registry.register({
        ...base,
        name: one.name,
        port: server.port,
        check: { type: "grpc", intervalMs: 1_000, timeoutMs: 1_000 },
      });
      t.same(await ports(), [1, 2, server.port].sort(byNumber));
      server.setServing(false);
      t.same(await ports(), [1, 2], "who does not pass is not there");
      await foreign.deregister();
      t.same(await ports(), [1]);
      t.equal(watch.status.type, "live");
      watch[Symbol.dispose]();
      t.equal((await sets.next()).done, true, "iteration ends with the watch");
    }),

    t.test(
      "a TTL check holds as long as its instance lives, and comes back if somebody takes it out",
      async (t) => {
        const { name, protoService } = words();
        const registry = open(t);
        const { id } = await registry.register({
          name,
          address: "127.0.0.1",
          port: 4004,
          protoServices: [protoService],
          check: { type: "ttl", ttlMs: 1_500 },
        });
        const path = `/health/service/${name}?passing`;
        const { index } = await api.get(path);
        const later = await api.get(`${path}&index=${index}&wait=4s`);
        t.equal(later.index, index, "its status never changed in more than twice its TTL");
        t.equal(count(later.json), 1);
        await api.put(`/agent/check/deregister/service:${id}`);
        await eventually("the check is back", async () => {
          assert.ok((await api.get("/agent/checks")).text.includes(`service:${id}`));
        });
      },
    ),

    t.test("an instance that the registry forgot comes back (R4)", async (t) => {
      const { name, protoService } = words();
      const events: RegistryEvent[] = [];
      const registry = open(t, { onEvent: (event) => events.push(event) });
      const handle = await registry.register({
        name,
        address: "127.0.0.1",
        port: 4002,
        protoServices: [protoService],
        check: { type: "none" },
      });
      using watch = registry.watch(protoService);
      await registry.resolve(protoService);
      await api.put(`/agent/service/deregister/${handle.id}`);
      await eventually("it is registered again", async () => {
        assert.ok(events.some((event) => event.type === "registered" && event.again));
        assert.equal((await api.get(`/agent/service/${handle.id}`)).status, 200);
      });
      t.equal(watch.current.length, 1, "no watch saw it go (R5)");
      t.notOk(events.some((event) => event.type === "changed" && event.instances === 0));
      await handle.deregister();
      t.equal((await api.get(`/agent/service/${handle.id}`)).status, 404, "deregistered, it stays away");
    }),

    t.test(
      "watch() takes versions, tags and weights, and believes at once that a canary is gone",
      async (t) => {
        const { name, protoService } = words();
        const registry = open(t);
        const base = { name, address: "127.0.0.1", check: { type: "none" } } as const;
        const steady = { ...base, protoServices: [protoService], version: "1", weights: { passing: 9 } };
        await registry.register({ ...steady, port: 1 });
        const canary = await registry.register({
          ...base,
          protoServices: [protoService, "canary"],
          port: 2,
          version: "2",
          meta: { team: "a" },
        });
        const all = await eventuallyAll(registry, protoService, 2);
        t.match(all, [
          { port: 1, weight: 9 },
          { port: 2, weight: 1 },
        ]);
        for (const query of [
          { version: "2" },
          { tags: ["canary"] },
          { meta: { team: "a" }, tags: ["grpc"] },
        ]) {
          t.match(await registry.resolve(protoService, query), [{ port: 2 }]);
        }
        t.same(await registry.resolve(protoService, { version: "2", tags: ["other"], timeoutMs: 50 }), []);
        using watch = registry.watch(protoService, { version: "2" });
        await registry.resolve(protoService, { version: "2" });
        await canary.deregister();
        await eventually("it is gone", () => assert.equal(watch.current.length, 0));
        t.equal(watch.status.type, "live", "the others show that the registry has not forgotten all");
      },
    ),

    t.test(
      "maintenance takes an instance out of sight, also the last one, and outlives a forgetful agent",
      async (t) => {
        const { name, protoService } = words();
        const registry = open(t);
        const handle = await registry.register({
          name,
          address: "127.0.0.1",
          port: 1,
          protoServices: [protoService],
          check: { type: "ttl" },
        });
        using watch = registry.watch(protoService);
        await eventually("it is seen", () => assert.equal(watch.current.length, 1));
        await handle.beginMaintenance("a new disk");
        await eventually("it is out of sight", () => assert.equal(watch.current.length, 0));
        t.equal(watch.status.type, "live", "without the doubt of an empty answer: somebody said so");
        await api.put(`/agent/service/deregister/${handle.id}`);
        await eventually("it is back, and still in maintenance", async () => {
          const [only] = [(await api.get(`/health/service/${name}`)).json].flat();
          assert.match(JSON.stringify(only), /a new disk/);
        });
        await eventually("nobody sees it", () => assert.equal(watch.current.length, 0));
        await handle.endMaintenance();
        await eventually("it is seen again", () => assert.equal(watch.current.length, 1));
      },
    ),

    t.test(
      "a watch of more services than there are polls sees joins, deaths and leaves in all of them",
      async (t) => {
        const registry = open(t, { maxPolls: 2 });
        const services = Array.from({ length: 8 }, words);
        const joining = open(t);
        const handles = await Promise.all(
          services.map(({ name, protoService }, index) =>
            joining.register({
              name,
              address: "127.0.0.1",
              port: index + 1,
              protoServices: [protoService],
              check: { type: "ttl", ttlMs: 60_000 },
            }),
          ),
        );
        const watches = services.map(({ protoService }) => registry.watch(protoService));
        const counts = (): readonly number[] => watches.map(({ current }) => current.length);
        await eventually("all are seen", () => assert.deepEqual(counts(), Array(8).fill(1)));
        await Promise.all(
          services.map(({ name, protoService }, index) =>
            joining.register({
              name,
              address: "127.0.0.1",
              port: index + 101,
              protoServices: [protoService],
              check: { type: "none" },
            }),
          ),
        );
        await eventually("the second of each is seen", () => assert.deepEqual(counts(), Array(8).fill(2)));
        await Promise.all(handles.map(({ id }) => api.put(`/agent/check/warn/service:${id}`)));
        await eventually("who warns is not there", () => assert.deepEqual(counts(), Array(8).fill(1)));
        await Promise.all(handles.map(({ id }) => api.put(`/agent/check/pass/service:${id}`)));
        await eventually("who passes again is", () => assert.deepEqual(counts(), Array(8).fill(2)));
        await Promise.all(handles.map(({ id }) => api.put(`/agent/check/fail/service:${id}`)));
        await eventually("who fails is not there", () => assert.deepEqual(counts(), Array(8).fill(1)));
        await Promise.all(handles.map((handle) => handle.deregister()));
        t.same(counts(), Array(8).fill(1));
        for (const watch of watches) watch[Symbol.dispose]();
      },
    ),

    t.test("an empty answer after a good one is doubted, and believed after the grace (R5)", async (t) => {
      const { name, protoService } = words();
      const graceMs = 400;
      const at: Partial<Record<RegistryEvent["type"], number>> = {};
      const registry = open(t, { graceMs, onEvent: ({ type }) => (at[type] = performance.now()) });
      const handle = await registry.register({
        name,
        address: "127.0.0.1",
        port: 4003,
        protoServices: [protoService],
        check: { type: "none" },
      });
      using watch = registry.watch(protoService);
      const sets = watch[Symbol.asyncIterator]();
      t.equal(
        (await sets.next()).value?.length,
        await registry.resolve(protoService).then((found) => found.length),
      );
      await handle.deregister();
      await eventually("it is doubted", () => assert.equal(watch.status.type, "doubted"));
      t.equal(watch.current.length, 1, "the last good set is served meanwhile");
      t.same((await sets.next()).value, []);
      const { doubted = 0, changed = 0 } = at;
      t.ok(changed - doubted >= graceMs - 5, `not before the grace is over: after ${changed - doubted} ms`);
      t.same(watch.status, { type: "live" });
    }),
  ];
}

/** The instances, when there are so many. */
async function eventuallyAll(
  registry: Registry,
  protoService: string,
  count: number,
): Promise<readonly Instance[]> {
  using watch = registry.watch(protoService);
  await eventually(`there are ${count}`, () => assert.equal(watch.current.length, count));
  return watch.current;
}

/** Words for a service of this test only. */
function words(): { name: string; protoService: string } {
  const name = uniqueName("lib");
  return { name, protoService: `${name.replaceAll("-", "_")}.v1.OrderService` };
}

const byNumber = (left: number, right: number): number => left - right;
