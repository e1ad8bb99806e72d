// The times of checks and sessions that are too long for the contract suite, with a clock that the test moves.
import { mock } from "node:test";
import t from "tap";
import { createAgentState, type CheckStatus } from "./agent-state.ts";
import { createCheckKeeper } from "./check-keeper.ts";
import { createIndexClock } from "./index-clock.ts";
import { createKvStore } from "./kv-store.ts";
import { nodeCheckId } from "./node.ts";
import { createSessionStore } from "./session-store.ts";

t.beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
t.afterEach(() => mock.timers.reset());

function open() {
  const clock = createIndexClock();
  const state = createAgentState(clock);
  const keeper = createCheckKeeper(state);
  state.putService({
    id: "a",
    name: "a",
    tags: [],
    meta: {},
    address: "",
    port: 0,
    taggedAddresses: {},
    weights: { Passing: 1, Warning: 1 },
    enableTagOverride: false,
    connectNative: false,
  });
  const add = (status: CheckStatus): void =>
    keeper.add({
      id: "c",
      name: "c",
      notes: "",
      serviceId: "a",
      status,
      output: "",
      definition: { type: "ttl", ttlMs: 10_000, deregisterAfterMs: 60_000 },
    });
  return { clock, state, keeper, add };
}

t.test(
  "createCheckKeeper() forgets a service whose check was critical for its time, and not one that recovered",
  async (t) => {
    const { state, keeper, add } = open();
    add("passing");
    mock.timers.tick(9_999);
    t.equal(state.check("c")?.status, "passing");
    mock.timers.tick(1);
    t.equal(state.check("c")?.status, "critical", "the TTL is over");
    mock.timers.tick(59_000);
    keeper.report("c", "passing", "");
    mock.timers.tick(5_000);
    t.ok(state.service("a"), "it recovered in time");
    mock.timers.tick(5_000);
    mock.timers.tick(60_000);
    t.equal(state.service("a"), undefined);
    t.equal(state.check("c"), undefined, "its checks go with it");
    keeper.close();
  },
);

t.test("createSessionStore() ends a session after twice its TTL, unless it is renewed", async (t) => {
  const { clock, state } = open();
  const kv = createKvStore(clock);
  const sessions = createSessionStore(state, kv, clock);
  const { id } = sessions.create({
    name: "",
    ttl: "10s",
    ttlMs: 10_000,
    lockDelayMs: 0,
    behavior: "release",
    nodeChecks: [nodeCheckId],
    serviceChecks: [],
  });
  kv.put("k", Buffer.from("v"), 0, { type: "acquire", session: id });
  mock.timers.tick(15_000);
  sessions.renew(id);
  mock.timers.tick(19_999);
  t.equal(kv.get("k")?.session, id);
  mock.timers.tick(1);
  t.equal(sessions.get(id), undefined);
  t.match(kv.get("k"), { session: undefined, lockIndex: 1 });
  sessions.close();
});
