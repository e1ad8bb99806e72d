// The doubt about an empty answer (R5), filters and failover, with a clock that the test moves.
import { mock } from "node:test";
import t from "tap";
import { unreachable } from "../errors.ts";
import type { RegistryEvent } from "../events.ts";
import type { Instance } from "../instance.ts";
import { resolveRegistryOptions } from "../options.ts";
import type { Candidate, Candidates } from "./candidate.ts";
import type { CatalogSources, ServiceNames } from "./catalog.ts";
import { createInstanceSet } from "./instance-set.ts";
import { resolveQuery, type InstanceQuery } from "./query.ts";
import type { Source, SourceState } from "./source.ts";

const protoService = "orders.v1.OrderService";
const instance = (id: string, more: Partial<Instance> = {}): Instance => ({
  id,
  service: "orders",
  address: "127.0.0.1",
  port: 1,
  meta: {},
  protoServices: [protoService],
  tags: ["grpc", protoService],
  weight: 1,
  datacenter: "dc1",
  ...more,
});
const candidate = (instance: Instance, health: Candidate["health"] = "passing"): Candidate => ({
  instance,
  health,
  warningWeight: 1,
});
const live = (...known: readonly Candidate[]): SourceState<Candidates> => ({
  type: "live",
  value: { known, discarded: undefined },
});
const passing = (...ids: readonly string[]): SourceState<Candidates> =>
  live(...ids.map((id) => candidate(instance(id))));
const served: SourceState<ServiceNames> = { type: "live", value: new Map([[protoService, ["orders"]]]) };
const error = unreachable("http://registry", "watch orders", new Error("gone"));

interface Spoken<T> extends Source<T> {
  readonly listened: boolean;
  say(state: SourceState<T>): void;
}

/** A source that the test speaks through. */
function spoken<T>(): Spoken<T> {
  const listeners = new Set<() => void>();
  let state: SourceState<T> = { type: "waiting" };
  return {
    index: undefined,
    get state() {
      return state;
    },
    get listened() {
      return listeners.size > 0;
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

function open(query: InstanceQuery = {}) {
  const events: RegistryEvent[] = [];
  const options = resolveRegistryOptions({ graceMs: 10_000, onEvent: (event) => events.push(event) }, {});
  const made = new Map<string | undefined, { services: Spoken<ServiceNames>; orders: Spoken<Candidates> }>();
  const of = (datacenter?: string) => {
    const known = made.get(datacenter) ?? { services: spoken<ServiceNames>(), orders: spoken<Candidates>() };
    made.set(datacenter, known);
    return known;
  };
  const catalogs = (datacenter: string | undefined): CatalogSources => ({
    services: of(datacenter).services,
    instances: () => of(datacenter).orders,
  });
  const set = createInstanceSet(resolveQuery(protoService, query, options), catalogs, options);
  of().services.say(served);
  const ids = (): readonly string[] => set.instances.map(({ id }) => id);
  return { ...of(), of, set, ids, events };
}

t.beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
t.afterEach(() => mock.timers.reset());

t.test(
  "createInstanceSet() keeps the last good set for the grace, then believes the empty answer",
  async (t) => {
    const { orders, set, ids } = open();
    t.equal(set.version, 0, "a service whose instances are not known yet is no empty set");
    orders.say(passing("b", "a"));
    t.same(ids(), ["a", "b"]);
    orders.say(passing());
    t.equal(set.status.type, "doubted");
    mock.timers.tick(9_999);
    t.equal(set.instances.length, 2);
    mock.timers.tick(1);
    t.same(set.instances, []);
    t.same(set.status, { type: "live" });
    set.close();
  },
);

t.test("createInstanceSet() doubts that all fail at once: the agent may have stood still", async (t) => {
  const { orders, set } = open();
  orders.say(passing("a"));
  orders.say(live(candidate(instance("a"), "critical")));
  t.equal(set.status.type, "doubted");
  orders.say(passing("a"));
  t.equal(set.status.type, "live");
  orders.say(live(candidate(instance("a")), candidate(instance("b"), "critical")));
  t.same(set.instances.length, 1, "one of several that fails is not there");
  set.close();
});

t.test("createInstanceSet() believes at once that all are in maintenance, as somebody said so", async (t) => {
  const { orders, set } = open();
  orders.say(passing("a"));
  orders.say(live(candidate(instance("a"), "maintenance")));
  t.same(set.instances, []);
  t.same(set.status, { type: "live" });
  set.close();
});

t.test("createInstanceSet() forgets the doubt when an instance is back, even another one", async (t) => {
  const { services, orders, set, ids } = open();
  orders.say(passing("a"));
  services.say({ type: "live", value: new Map() });
  t.equal(set.status.type, "doubted", "a catalog that lost the service is doubted alike");
  mock.timers.tick(5_000);
  services.say(served);
  orders.say(passing("c"));
  mock.timers.tick(60_000);
  t.same(ids(), ["c"]);
  set.close();
});

t.test("createInstanceSet() lets no doubt ripen while the registry is away", async (t) => {
  const { orders, set } = open();
  orders.say(passing("a"));
  orders.say(passing());
  mock.timers.tick(9_000);
  orders.say({ type: "unreachable", error, last: { value: { known: [], discarded: undefined } } });
  mock.timers.tick(600_000);
  t.equal(set.instances.length, 1, "without an answer the last good set stays, however long");
  t.same(set.status, { type: "unreachable", error });
  orders.say(passing());
  mock.timers.tick(9_999);
  t.equal(set.instances.length, 1, "the grace begins anew");
  mock.timers.tick(1);
  t.same(set.instances, []);
  set.close();
});

t.test(
  "createInstanceSet() takes those that are asked for, and believes at once that there are none",
  async (t) => {
    const { orders, set, ids } = open({ version: "2", tags: ["canary"] });
    const tags = ["grpc", protoService, "canary"];
    const canary = candidate(instance("c", { meta: { version: "2" }, tags }));
    const old = candidate(instance("o", { meta: { version: "1" }, tags }));
    const untagged = candidate(instance("u", { meta: { version: "2" } }));
    orders.say(live(old, canary, untagged));
    t.same(ids(), ["c"]);
    orders.say(live(old, untagged));
    t.same(ids(), [], "the others show that the registry has not forgotten all");
    t.same(set.status, { type: "live" });
    set.close();
  },
);

t.test(
  "createInstanceSet() leaves out who warns, unless asked, and then gives it its weight for that",
  async (t) => {
    const warned = (warningWeight: number): Candidate => ({
      ...candidate(instance("w", { weight: 10 }), "warning"),
      warningWeight,
    });
    const strict = open();
    strict.orders.say(live(warned(3)));
    t.same(strict.ids(), []);
    const lenient = open({ includeWarning: true });
    lenient.orders.say(live(warned(3)));
    t.match(lenient.set.instances, [{ id: "w", weight: 3 }]);
    lenient.orders.say(live(warned(0), candidate(instance("p"))));
    t.same(lenient.ids(), ["p"], "a weight of 0 is none of the calls");
    strict.set.close();
    lenient.set.close();
  },
);

t.test(
  "createInstanceSet() fails over in order and comes back, and asks the others only meanwhile",
  async (t) => {
    const { orders, of, set, ids, events } = open({ failoverDatacenters: ["dc2", "dc3"] });
    orders.say(passing("a"));
    t.notOk(of("dc2").services.listened, "nobody asks elsewhere while there is one here");
    orders.say(passing());
    t.equal(set.status.type, "doubted", "until the others have answered");
    of("dc2").services.say({ type: "live", value: new Map() });
    of("dc3").services.say(served);
    of("dc3").orders.say(passing("far"));
    t.same(ids(), ["far"]);
    t.same(set.status, { type: "live" });
    of("dc2").services.say(served);
    of("dc2").orders.say(passing("near"));
    t.same(ids(), ["near"], "the first in order that has some");
    of("dc2").orders.say({ type: "unreachable", error, last: undefined });
    t.same(ids(), ["far"], "one that answers is better than one that was");
    of("dc3").orders.say({ type: "unreachable", error, last: undefined });
    mock.timers.tick(600_000);
    t.same(ids(), ["far"], "with no word from anywhere the last set stays");
    t.equal(set.status.type, "unreachable");
    orders.say(passing("a"));
    t.same(ids(), ["a"]);
    t.notOk(of("dc2").services.listened, "the others are left");
    const told = events.filter(({ type }) => type === "failover" || type === "failback");
    t.match(told, [
      { type: "failover", datacenter: "dc3" },
      { type: "failover", datacenter: "dc2" },
      { type: "failover", datacenter: "dc3" },
      { type: "failback" },
    ]);
    set.close();
  },
);
