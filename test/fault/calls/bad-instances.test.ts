// Four instances, of which one goes bad in each of the ways that one can (C3): what becomes of the calls of our clients, beside
// those of grpc-js with its round robin on the same instances at the same time. Only shares are compared, with room: both
// callers have the same machine, and the same bad luck.
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import t, { type Test } from "tap";
import type { Target } from "../../../ts-runtime/src/client/index.ts";
import { fixedSource, startEcho, type Echo } from "../../integration/calls/echo-server.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { until } from "../../support/until.ts";
import { startTwoCallers, type Tally } from "./two-callers.ts";

const quickMs = 2;
const slowMs = 50 * quickMs;
/** On a busy machine all are slow; the slow one is several times as slow as that. */
const slowTimes = 10;
const phaseMs = 1_000;
/** Enough for shares to be compared. */
const manyCalls = 120;

interface Moody {
  readonly echo: Echo;
  readonly target: Target;
  calls: number;
  mood: "well" | "slow" | "failing";
  slowMs: number;
}

/** An instance that takes 2 ms for a call, as long as it is well, and answers with its mood. */
async function startMoody(t: Test): Promise<Moody> {
  const echo = await startEcho(
    t,
    {},
    {
      async echoOnce() {
        moody.calls += 1;
        await sleep(moody.mood === "slow" ? moody.slowMs : quickMs);
        if (moody.mood === "failing" && moody.calls % 10 < 3) throw new Error("three of ten fail");
        return { text: moody.mood };
      },
    },
  );
  const moody: Moody = { echo, target: echo.target, calls: 0, mood: "well", slowMs };
  return moody;
}

async function startFour(t: Test): Promise<readonly [Moody, ...Moody[]]> {
  const [one, ...others] = await Promise.all([1, 2, 3, 4].map(() => startMoody(t)));
  if (one === undefined) throw new Error("there are four");
  return [one, ...others];
}

function shareOf(count: number, { calls }: Tally): number {
  return count / Math.max(1, calls);
}

function told(tally: Tally): string {
  return `${tally.failed} of ${tally.calls} failed, p99 ${tally.p99Ms} ms`;
}

function compared(t: Test, when: string, { ours, stock }: { ours: Tally; stock: Tally }): void {
  t.comment(`${when}: ours ${told(ours)}; stock ${told(stock)}`);
}

t.test("one becomes fifty times as slow: few of our calls wait for it", { timeout: 120_000 }, async (t) => {
  const [bad, ...others] = await startFour(t);
  const targets = [bad, ...others].map(({ target }) => target);
  const callers = startTwoCallers(t, {
    source: fixedSource(...targets),
    stock: targets,
    deadlineMs: 10_000,
  });
  const before = await callers.during(phaseMs / 2);
  bad.slowMs = Math.max(slowMs, slowTimes * before.stock.p50Ms);
  bad.mood = "slow";
  const during = await callers.during(phaseMs, manyCalls);
  bad.mood = "well";
  const after = await callers.during(phaseMs / 2);
  compared(t, "before", before);
  compared(t, "during", during);
  compared(t, "after", after);
  const [ours, stock] = [during.ours, during.stock].map((tally) =>
    shareOf(tally.answeredWith("slow"), tally),
  );
  t.ok((ours ?? 1) < (stock ?? 0) / 2, `slow: ${ours} of ours, ${stock} of stock`);
});

t.test("one fails three calls of ten: few of ours fail", { timeout: 120_000 }, async (t) => {
  const [bad, ...others] = await startFour(t);
  const targets = [bad, ...others].map(({ target }) => target);
  const callers = startTwoCallers(t, { source: fixedSource(...targets), stock: targets });
  await callers.during(phaseMs / 2);
  bad.mood = "failing";
  const during = await callers.during(phaseMs, 3 * manyCalls);
  compared(t, "during", during);
  const [ours, stock] = [during.ours, during.stock].map((tally) => shareOf(tally.failed, tally));
  t.ok((ours ?? 1) < (stock ?? 0) / 2, `failed: ${ours} of ours, ${stock} of stock`);
});

t.test(
  "one is cut off without a word: hardly any of our calls run into it",
  { timeout: 120_000 },
  async (t) => {
    const [bad, ...others] = await startFour(t);
    const proxy = await startTcpProxy(t, `http://127.0.0.1:${bad.target.port}`);
    const cut = { ...bad.target, port: Number(new URL(proxy.url).port) };
    const targets = [cut, ...others.map(({ target }) => target)];
    const callers = startTwoCallers(t, { source: fixedSource(...targets), stock: targets });
    await callers.during(phaseMs / 2);
    proxy.freeze();
    const during = await callers.during(phaseMs, manyCalls);
    compared(t, "during", during);
    const [ours, stock] = [during.ours, during.stock].map((tally) => shareOf(tally.failed, tally));
    t.ok((ours ?? 1) < (stock ?? 0) / 2, `failed: ${ours} of ours, ${stock} of stock`);
    proxy.thaw();
    await until("it gets calls again, on another connection", async () => {
      const { calls } = bad;
      await sleep(100);
      return bad.calls > calls;
    });
    const after = await callers.during(phaseMs / 2);
    compared(t, "after", after);
  },
);

/** An instance in a process of its own. */
async function startProcess(t: Test): Promise<{ readonly child: ChildProcess; readonly target: Target }> {
  const registry = await startEmbeddedRegistry({ port: 0 });
  t.teardown(() => registry.close());
  const child = fork(
    new URL("../../integration/calls/echo-process.ts", import.meta.url),
    ["mortal", registry.url],
    { execArgv: ["--conditions=samspel-source"] },
  );
  t.teardown(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  const [said]: unknown[] = await once(child, "message", { signal: AbortSignal.timeout(60_000) });
  const port = typeof said === "object" && said !== null && "port" in said ? Number(said.port) : 0;
  return { child, target: { address: "127.0.0.1", port, meta: {} } };
}

t.test("one freezes, is killed, and is back on another port", { timeout: 120_000 }, async (t) => {
  const [{ child, target }, others] = await Promise.all([startProcess(t), startFour(t)]);
  const well = others.slice(1).map((other) => other.target);
  const source = fixedSource(target, ...well);
  const callers = startTwoCallers(t, { source, stock: [target, ...well] });
  await callers.during(phaseMs / 2);
  child.kill("SIGSTOP");
  const frozen = await callers.during(phaseMs, manyCalls);
  compared(t, "frozen", frozen);
  const [ours, stock] = [frozen.ours, frozen.stock].map((tally) => shareOf(tally.failed, tally));
  t.ok((ours ?? 1) < (stock ?? 0) / 2, `failed: ${ours} of ours, ${stock} of stock`);
  child.kill("SIGKILL");
  await once(child, "exit");
  const killed = await callers.during(phaseMs);
  compared(t, "killed", killed);
  t.ok(shareOf(killed.ours.failed, killed.ours) < 0.02, "what is refused is made elsewhere (C2)");
  const back = others[0];
  source.set([back.target, ...well]);
  await until("the new one gets calls", () => back.calls > 0);
  compared(t, "back", await callers.during(phaseMs / 2));
});

t.test(
  "a deploy that rolls four instances under load loses no call (C3)",
  { timeout: 120_000 },
  async (t) => {
    let alive: readonly Moody[] = await startFour(t);
    const source = fixedSource(...alive.map(({ target }) => target));
    const callers = startTwoCallers(t, { source, stock: [], deadlineMs: 30_000 });
    const rolling = callers.during(2 * phaseMs);
    for (let turn = 0; turn < 4; turn += 1) {
      const [oldest, ...others] = alive;
      const next = await startMoody(t);
      alive = [...others, next];
      source.set(alive.map(({ target }) => target));
      // What the registry says takes a moment to go round.
      await Promise.all([
        oldest?.echo.server.drain(10_000),
        until("the new one has calls", () => next.calls > 0),
      ]);
    }
    const { ours } = await rolling;
    t.comment(told(ours));
    t.equal(ours.failed, 0);
    t.ok(ours.calls > 100, `${ours.calls} calls`);
  },
);
