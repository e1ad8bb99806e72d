// A real Consul agent dies, forgets, or cannot be reached, under steady calls. What callers must see of it: nothing.
// No healthy instance is lost to them, and what died is gone when its check has noticed.
import { createRegistry } from "@samspel/registry";
import t, { type Test } from "tap";
import { consulAgent, startConsulCluster, type ConsulAgent } from "../../support/consul-agent.ts";
import {
  startEchoInstance,
  startSteadyCallers,
  type EchoInstance,
  type SteadyCallers,
} from "../../support/steady-callers.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { until } from "../../support/until.ts";

t.jobs = 2;

/** A check notices within its interval and timeout of 1 s each; the rest is for a loaded machine. */
const noticedWithinMs = 10_000;
const within = 60_000;

interface Town {
  readonly instances: readonly EchoInstance[];
  readonly callers: SteadyCallers;
  /** When instances died. */
  readonly deathsMs: number[];
  join(name: string): Promise<EchoInstance>;
}

/** Three instances that answer, and two callers that call them. */
async function startTown(t: Test, joiningUrl: string, callingUrl: string = joiningUrl): Promise<Town> {
  const joining = createRegistry({ url: joiningUrl });
  t.teardown(() => joining.close().catch(() => {}));
  const join = (name: string) => startEchoInstance(t, name, joining);
  const instances = [await join("a"), await join("b"), await join("c")];
  const callers = startSteadyCallers(t, { url: callingUrl });
  await until("all three answer both", () => callers.answeredBy(["a", "b", "c"], 500), within);
  return { instances, callers, deathsMs: [], join };
}

async function dies(t: Test, { instances, callers, deathsMs }: Town, name: string): Promise<void> {
  const dead = instances.find((instance) => instance.name === name);
  if (dead === undefined) throw new Error(`${name} is not there`);
  const diedAt = performance.now();
  deathsMs.push(diedAt);
  await dead.die();
  await until(`${name} is gone`, () => callers.current().every(({ port }) => port !== dead.port), within);
  const goneMs = performance.now() - diedAt;
  t.ok(goneMs < noticedWithinMs, `${name} was gone after ${Math.round(goneMs)} ms`);
}

async function singleServer(t: Test): Promise<ConsulAgent> {
  const agent = await consulAgent(t, { name: "alone", args: ["-server", "-bootstrap-expect=1"] });
  await agent.start();
  return agent;
}

t.test("an agent that is killed and comes back is not noticed by callers", async (t) => {
  const agent = await singleServer(t);
  const town = await startTown(t, agent.url);
  const { callers } = town;
  await agent.kill();
  await until(
    "the callers have noticed",
    () => callers.events.some(({ type }) => type === "unreachable"),
    within,
  );
  await until("all three still answer", () => callers.answeredBy(["a", "b", "c"], 1_000), within);
  await agent.start();
  await until("it is back", () => callers.events.some(({ type }) => type === "recovered"), within);
  await until("all three answer", () => callers.answeredBy(["a", "b", "c"], 1_000), within);
  t.ok(callers.shortOfMs(3) < noticedWithinMs, "none was out of sight for longer than its check takes");
  t.equal(callers.shortOfMs(1), 0, "and never all of them");
  t.same(callers.failures(), []);
  await dies(t, town, "c");
  await town.join("d");
  await until("what joins is called", () => callers.answeredBy(["a", "b", "d"], 1_000), within);
  t.same(callers.failures(town.deathsMs), [], "the death of one cost no call that may be repeated");
});

t.test(
  "an agent that comes back with its state is told anew that all live, as it restarts checks as critical",
  async (t) => {
    const agent = await singleServer(t);
    const registry = createRegistry({ url: agent.url });
    t.teardown(() => registry.close().catch(() => {}));
    for (const port of [1, 2, 3, 4, 5]) {
      // It would be an hour until the check itself says so.
      const check = { type: "grpc", intervalMs: 3_600_000 } as const;
      await registry.register({ name: "echo", address: "127.0.0.1", port, protoServices: [], check });
    }
    await agent.kill();
    await agent.start();
    await until(
      "all five pass",
      async () => {
        // The agent's own word: the catalog has what was before until the agent has told it.
        const response = await fetch(`${agent.url}/v1/agent/checks`);
        const checks = JSON.stringify(response.ok ? await response.json() : {});
        return checks.split('"Status":"passing"').length === 6;
      },
      within,
    );
    t.pass();
  },
);

t.test(
  "an agent that comes back empty learns of all instances again before callers doubt them",
  async (t) => {
    const agent = await singleServer(t);
    const { callers } = await startTown(t, agent.url);
    await agent.kill();
    await until(
      "the callers have noticed",
      () => callers.events.some(({ type }) => type === "unreachable"),
      within,
    );
    await agent.start({ empty: true });
    await until("it is back", () => callers.events.some(({ type }) => type === "recovered"), within);
    await until(
      "all three answer",
      () => callers.current().length === 3 && callers.answeredBy(["a", "b", "c"], 1_000),
      within,
    );
    t.equal(callers.shortOfMs(1), 0, "no watch ever saw nobody (R5)");
    t.ok(callers.shortOfMs(3) < noticedWithinMs, "and none was missing for longer than its check takes");
    t.same(callers.failures(), []);
  },
);

t.test("a network that swallows everything for a minute takes no instance from callers", async (t) => {
  const agent = await singleServer(t);
  const proxy = await startTcpProxy(t, agent.url);
  const town = await startTown(t, agent.url, proxy.url);
  const { callers } = town;
  const frozenAt = performance.now();
  proxy.freeze();
  await town.join("d");
  await until("a minute is over", () => performance.now() - frozenAt > 60_000, 70_000);
  await until("those that were known still answer", () => callers.answeredBy(["a", "b", "c"], 1_000), within);
  t.ok(
    callers.events.some(({ type }) => type === "unreachable"),
    "the silence was noticed",
  );
  proxy.thaw();
  await until(
    "who joined meanwhile is called",
    () => callers.answeredBy(["a", "b", "c", "d"], 1_000),
    within,
  );
  t.same(callers.failures(), []);
});

t.test(
  "a change of the leader is not noticed by callers, and deaths and joins are seen soon after",
  async (t) => {
    const cluster = await startConsulCluster(t);
    const town = await startTown(t, cluster.client.url);
    const { callers } = town;
    const leader = await cluster.leader();
    await leader.kill();
    await dies(t, town, "a");
    await town.join("d");
    await until("it is called", () => callers.answeredBy(["b", "c", "d"], 1_000), within);
    await leader.start();
    await until(
      "the healthy ones answer",
      () => callers.current().length === 3 && callers.answeredBy(["b", "c", "d"], 1_000),
      within,
    );
    t.equal(callers.shortOfMs(2), 0, "never more than the dead one was missing");
    t.same(callers.failures(town.deathsMs), [], "no call failed");
  },
);

t.test(
  "an agent that stands still and fails all checks at once takes no instance from callers",
  async (t) => {
    const agent = await singleServer(t);
    const { callers } = await startTown(t, agent.url);
    agent.freeze();
    const frozenAt = performance.now();
    // Longer than a long poll may take would need 37 s; the checks fail when the agent wakes.
    await until("15 s are over", () => performance.now() - frozenAt > 15_000, 20_000);
    agent.thaw();
    await until("all three answer", () => callers.answeredBy(["a", "b", "c"], 1_000), within);
    t.same(callers.failures(), []);
  },
);
