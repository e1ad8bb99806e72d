// The doubt about an empty answer (R5), with a clock that the test moves.
import { mock } from "node:test";
import t from "tap";
import { unreachable } from "../errors.ts";
import type { Instance } from "../instance.ts";
import { resolveRegistryOptions } from "../options.ts";
import type { CatalogSources, ServiceTags } from "./catalog.ts";
import { createInstanceSet } from "./instance-set.ts";
import type { Source, SourceState } from "./source.ts";

const protoService = "orders.v1.OrderService";
const instance = (id: string): Instance => ({
  id,
  service: "orders",
  address: "127.0.0.1",
  port: 1,
  meta: {},
  protoServices: [protoService],
  tags: ["grpc", protoService],
});

/** A source that the test speaks through. */
function spoken<T>(): Source<T> & { say(state: SourceState<T>): void } {
  const listeners = new Set<() => void>();
  let state: SourceState<T> = { type: "waiting" };
  return {
    get state() {
      return state;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    say(next) {
      state = next;
      for (const listener of listeners) listener();
    },
  };
}

function open() {
  const services = spoken<ServiceTags>();
  const orders = spoken<readonly Instance[]>();
  const catalog: CatalogSources = { services, passing: () => orders };
  const set = createInstanceSet(protoService, catalog, resolveRegistryOptions({ graceMs: 10_000 }, {}));
  services.say({ type: "live", value: new Map([["orders", [protoService]]]) });
  return { services, orders, set };
}

t.beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
t.afterEach(() => mock.timers.reset());

t.test(
  "createInstanceSet() keeps the last good set for the grace, then believes the empty answer",
  async (t) => {
    const { orders, set } = open();
    t.equal(set.version, 0, "a service whose instances are not known yet is no empty set");
    orders.say({ type: "live", value: [instance("b"), instance("a")] });
    t.same(
      set.instances.map(({ id }) => id),
      ["a", "b"],
    );
    orders.say({ type: "live", value: [] });
    t.equal(set.status.type, "doubted");
    mock.timers.tick(9_999);
    t.equal(set.instances.length, 2);
    mock.timers.tick(1);
    t.same(set.instances, []);
    t.same(set.status, { type: "live" });
    set.close();
  },
);

t.test("createInstanceSet() forgets the doubt when an instance is back, even another one", async (t) => {
  const { services, orders, set } = open();
  orders.say({ type: "live", value: [instance("a")] });
  services.say({ type: "live", value: new Map() });
  t.equal(set.status.type, "doubted", "a catalog that lost the service is doubted alike");
  mock.timers.tick(5_000);
  services.say({ type: "live", value: new Map([["orders", [protoService]]]) });
  orders.say({ type: "live", value: [instance("c")] });
  mock.timers.tick(60_000);
  t.same(
    set.instances.map(({ id }) => id),
    ["c"],
  );
  set.close();
});

t.test("createInstanceSet() lets no doubt ripen while the registry is away", async (t) => {
  const { orders, set } = open();
  orders.say({ type: "live", value: [instance("a")] });
  orders.say({ type: "live", value: [] });
  mock.timers.tick(9_000);
  const error = unreachable("http://registry", "watch orders", new Error("gone"));
  orders.say({ type: "unreachable", error, last: { value: [] } });
  mock.timers.tick(600_000);
  t.equal(set.instances.length, 1, "without an answer the last good set stays, however long");
  t.same(set.status, { type: "unreachable", error });
  orders.say({ type: "live", value: [] });
  mock.timers.tick(9_999);
  t.equal(set.instances.length, 1, "the grace begins anew");
  mock.timers.tick(1);
  t.same(set.instances, []);
  set.close();
});
