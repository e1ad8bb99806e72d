// Four instances, of which one goes bad in each of the ways that one can (C3): what becomes of the calls of our clients, beside
// those of grpc-js with its round robin on the same instances at the same time. Only shares are compared, with room: both
// callers have the same machine, and the same bad luck.
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import t, { type Test } from "tap";
import { fixedSource } from "../../integration/calls/echo-server.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { until } from "../../support/until.ts";
import { slowMs, startFour, startMoody, startProcess, type Moody } from "./moody.ts";
import { startTwoCallers, workers, type Tally } from "./two-callers.ts";

/** On a busy machine all are slow; the slow one is several times as slow as that. */
const slowTimes = 10;
const phaseMs = 1_000;
/** Enough for shares to be compared. */
const manyCalls = 120;

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
  const before = await callers.during(phaseMs / 2, manyCalls);
  bad.slowMs = Math.min(1_000, Math.max(slowMs, slowTimes * before.stock.p50Ms));
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
  const killed = await callers.during(bad.echo.server.close().then(() => sleep(phaseMs / 2)));
  compared(t, "killed", killed);
  t.ok(
    killed.ours.failed <= workers,
    "only what was in flight there fails; what is refused is made elsewhere (C2)",
  );
});

t.test("one fails three calls of ten: few of ours fail", { timeout: 120_000 }, async (t) => {
  const [bad, ...others] = await startFour(t);
  const targets = [bad, ...others].map(({ target }) => target);
  const callers = startTwoCallers(t, {
    source: fixedSource(...targets),
    stock: targets,
    deadlineMs: 10_000,
  });
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
    const roll = async (): Promise<void> => {
      for (let turn = 0; turn < 4; turn += 1) {
        const [oldest, ...others] = alive;
        const next = await startMoody(t);
        alive = [...others, next];
        source.set(alive.map(({ target }) => target));
        // What the registry says takes a moment to go round.
        await Promise.all([
          oldest?.echo.server.drain(10_000),
          until("the new one has calls", () => next.calls > 30),
        ]);
      }
    };
    const { ours } = await callers.during(roll());
    t.comment(told(ours));
    t.equal(ours.failed, 0);
    t.ok(ours.calls > 100, `${ours.calls} calls`);
  },
);
