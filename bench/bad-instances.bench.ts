// What becomes of calls when one of four instances goes bad: those of our clients, beside those of grpc-js with its round
// robin on the same instances at the same time; eight callers each, deadlines of 500 ms.
//   npm run bench -- --long bad-instances
import { once } from "node:events";
import { parseArgs } from "node:util";
import { fixedSource } from "../test/integration/calls/echo-server.ts";
import { startFour, startProcess, type Moody } from "../test/fault/calls/moody.ts";
import { startTwoCallers, type Tally, type TwoCallers } from "../test/fault/calls/two-callers.ts";
import { startTcpProxy } from "../test/support/tcp-proxy.ts";

const { values } = parseArgs({ options: { ms: { type: "string", default: "10000" } } });
const ms = Number(values.ms);

const ends: (() => unknown)[] = [];
const t = { teardown: (end: () => unknown): void => void ends.push(end) };

async function end(): Promise<void> {
  for (const close of ends.splice(0).toReversed()) await close();
}

function cells({ calls, failed, p50Ms, p99Ms }: Tally): string {
  return [`${((100 * failed) / calls).toFixed(2)} %`, p50Ms, p99Ms]
    .map((cell) => String(cell).padStart(9))
    .join("");
}

async function row(what: string, callers: TwoCallers): Promise<void> {
  const { ours, stock } = await callers.during(ms);
  console.log(what.padEnd(16) + cells(ours) + cells(stock));
}

/** Four instances in this process, of which the first goes bad. */
async function withFour(goBad: (bad: Moody) => unknown, what: string): Promise<void> {
  const four = await startFour(t);
  const targets = four.map(({ target }) => target);
  const callers = startTwoCallers(t, { source: fixedSource(...targets), stock: targets });
  if (what === "slow") await row("all well", callers);
  else await callers.during(1_000);
  await goBad(four[0]);
  await row(what, callers);
  await end();
}

async function cutOff(): Promise<void> {
  const [bad, ...others] = await startFour(t);
  const proxy = await startTcpProxy(t, `http://127.0.0.1:${bad.target.port}`);
  const targets = [
    { ...bad.target, port: Number(new URL(proxy.url).port) },
    ...others.map(({ target }) => target),
  ];
  const callers = startTwoCallers(t, { source: fixedSource(...targets), stock: targets });
  await callers.during(1_000);
  proxy.freeze();
  await row("cut off", callers);
  await end();
}

async function frozenAndKilled(): Promise<void> {
  const [{ child, target }, [, ...others]] = await Promise.all([startProcess(t), startFour(t)]);
  const targets = [target, ...others.map((other) => other.target)];
  const callers = startTwoCallers(t, { source: fixedSource(...targets), stock: targets });
  await callers.during(1_000);
  child.kill("SIGSTOP");
  await row("frozen", callers);
  child.kill("SIGKILL");
  await once(child, "exit");
  await end();
}

console.log("one of four is     failed   p50 ms   p99 ms   failed   p50 ms   p99 ms  (ours, grpc-js)");
await withFour((bad) => (bad.mood = "slow"), "slow");
await withFour((bad) => (bad.mood = "failing"), "failing 3 of 10");
await withFour((bad) => bad.echo.server.close(), "killed");
await cutOff();
await frozenAndKilled();
