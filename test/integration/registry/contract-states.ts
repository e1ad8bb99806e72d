// What a registry must do for the watch of all instances (R6).
import assert from "node:assert/strict";
import { createRegistry, type InstanceState, type Registry } from "@samspel/registry";
import type { Test } from "tap";
import { eventually } from "../../support/eventually.ts";
import { uniqueName, type ConsulApi } from "./consul-api.ts";

export function stateCases(t: Test, api: ConsulApi): readonly Promise<unknown>[] {
  const open = (t: Test): Registry => {
    const registry = createRegistry({ url: api.url });
    t.teardown(() => registry.close());
    return registry;
  };
  const place = (registry: Registry, name: string, version: string, port: number = 1): Promise<string> =>
    registry.place({
      name,
      address: "127.0.0.1",
      port,
      version,
      protoServices: ["states.v1.States"],
      check: { type: "ttl", ttlMs: 600_000 },
      deregisterCriticalAfterMs: "never",
    });

  return [
    t.test("watchStates() tells what comes, changes its health or its version, and goes", async (t) => {
      const registry = open(t);
      const name = uniqueName("states");
      using watch = registry.watchStates();
      t.same(watch.current, []);
      let told = 0;
      watch.onChange(() => (told += 1));
      const own = (): readonly InstanceState[] => watch.current.filter(({ service }) => service === name);
      const id = await place(registry, name, "1");
      t.teardown(() => registry.remove(id));
      await eventually("it comes", async () => {
        assert.deepEqual(
          own().map(({ id, health, meta }) => [id, health, meta["version"]]),
          [[id, "passing", "1"]],
        );
      });
      t.equal(watch.status, "live");
      t.ok(told > 0);
      await api.put(`/agent/check/fail/service:${id}`);
      await eventually("its health", async () => assert.equal(own()[0]?.health, "critical"));
      await place(registry, name, "2");
      await eventually("its version", async () => assert.equal(own()[0]?.meta["version"], "2"));
      const second = await place(registry, name, "2", 2);
      t.teardown(() => registry.remove(second));
      await eventually("one more", async () => assert.equal(own().length, 2));
      await registry.remove(second);
      await registry.remove(id);
      await eventually("all gone", async () => assert.deepEqual(own(), []));
    }),

    t.test("watchStates() sees another version of an instance whose checks stay as they are", async (t) => {
      const registry = open(t);
      const name = uniqueName("unchecked");
      const register = (version: string): Promise<unknown> =>
        api.put("/agent/service/register", {
          ID: name,
          Name: name,
          Address: "127.0.0.1",
          Port: 9,
          Tags: ["grpc", "states.v1.States"],
          Meta: { version },
        });
      t.teardown(() => registry.remove(name));
      await register("1");
      using watch = registry.watchStates();
      const version = (): string | undefined =>
        watch.current.find(({ service }) => service === name)?.meta["version"];
      await eventually("it is there", async () => assert.equal(version(), "1"));
      await register("2");
      await eventually("no check tells of it", async () => assert.equal(version(), "2"));
    }),
  ];
}
