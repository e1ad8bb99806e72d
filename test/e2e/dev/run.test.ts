// A run from its start to its end: what a user sees, and that nothing is left.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "nats";
import postgres from "postgres";
import t, { type Test } from "tap";
import { echoMs } from "../../../devkit/src/cli/end-signals.ts";
import { remaining } from "./descendants.ts";
import { runSamspel, testProject, type DevRun, type ReadyLine } from "./dev-run.ts";

const endedWithinMs = 5000;
/** Where nobody could end anything in order: the guard has to notice first, on a machine that may be busy. */
const clearedWithinMs = 20_000;

/** What a fixture service tells of itself. */
interface Told {
  readonly pid: number;
  readonly database: string;
  readonly nats: string;
}

async function ask(ready: ReadyLine, service: string, path = "/"): Promise<Told> {
  const { url } = ready.services.find(({ name }) => name === service) ?? { url: "" };
  const response = await fetch(url + path, { headers: { connection: "close" } });
  // The fixture's shape.
  return (await response.json()) as Told;
}

const urlOf = (ready: ReadyLine, part: string): string =>
  ready.infra.find(({ name }) => name === part)?.url ?? "";

async function leavesNothing(t: Test, run: DevRun, withinMs: number = endedWithinMs): Promise<void> {
  t.ok(run.seen.size >= 4, `it had processes: ${run.seen.size}`);
  t.strictSame(await remaining(run.seen, withinMs), []);
}

t.test("samspel dev gives services the contract's environment and stops all on Ctrl-C", async (t) => {
  const dir = await testProject(t, { greeter: {}, helper: {} });
  const run = runSamspel(t, ["dev", "--project", dir, "--json"]);
  const ready = await run.ready();
  t.strictSame(
    ready.services.map(({ name }) => name),
    ["greeter", "helper"],
  );
  const told = await ask(ready, "greeter");
  t.equal(told.database, urlOf(ready, "postgres"));
  t.equal(told.nats, urlOf(ready, "nats"));
  t.equal(ready.try[0], `curl ${ready.services[0]?.url}/`);

  const stoppedAt = performance.now();
  run.signal("SIGINT");
  // As npm does: it passes on what the terminal has sent already.
  run.signal("SIGINT");
  t.equal(await run.ended, 0);
  t.ok(performance.now() - stoppedAt < endedWithinMs);
  await leavesNothing(t, run);
});

t.test("samspel dev ends at once on a second Ctrl-C though a service does not", async (t) => {
  const dir = await testProject(t, { greeter: { env: { FIXTURE: "deaf" } } });
  const run = runSamspel(t, ["dev", "--project", dir, "--json"]);
  await run.ready();
  run.signal("SIGINT");
  await run.until(({ type }) => type === "notice");
  // Not to wait for something, but the pace of a person: a second Ctrl-C that comes sooner is taken for an echo.
  await sleep(echoMs + 100);
  const secondAt = performance.now();
  run.signal("SIGINT");
  t.equal(await run.ended, 130);
  t.ok(performance.now() - secondAt < 2000);
  await leavesNothing(t, run);
});

t.test("samspel dev leaves nothing when it is interrupted while it starts", async (t) => {
  const dir = await testProject(t, { greeter: { env: { FIXTURE: "never-registers" } } });
  const run = runSamspel(t, ["dev", "--project", dir, "--json"]);
  await run.until(({ type, name, status }) => type === "step" && name === "greeter" && status === "progress");
  run.signal("SIGINT");
  t.equal(await run.ended, 130);
  t.strictSame(await remaining(run.seen, endedWithinMs), []);
});

t.test("samspel dev leaves nothing when it is killed with SIGKILL", async (t) => {
  const dir = await testProject(t, { greeter: {} });
  const run = runSamspel(t, ["dev", "--project", dir, "--json"]);
  await run.ready();
  run.signal("SIGKILL");
  t.equal(await run.ended, "SIGKILL");
  await leavesNothing(t, run, clearedWithinMs);
});

t.test("samspel dev leaves nothing when it is killed with SIGKILL while it builds anew", async (t) => {
  const build = ["node", "-e", "if (fs.existsSync('slow')) setTimeout(() => {}, 60_000)"];
  const dir = await testProject(t, { greeter: { build, watch: ["slow"] } });
  const run = runSamspel(t, ["dev", "--project", dir, "--json"]);
  await run.ready();
  await writeFile(join(dir, "slow"), "");
  await run.until(
    ({ type, name, status }) => type === "step" && name === "build of greeter" && status === "progress",
    run.lines.length,
  );
  run.signal("SIGKILL");
  t.equal(await run.ended, "SIGKILL");
  await leavesNothing(t, run, clearedWithinMs);
});

t.test("samspel dev stops services in peace when nobody reads its output any more", async (t) => {
  const dir = await testProject(t, { greeter: { env: { FIXTURE: "chatty" } } });
  const run = runSamspel(t, ["dev", "--project", dir, "--json"]);
  await run.ready();
  run.closeOutput();
  t.equal(await run.ended, 0, "130 would mean that they were killed");
  await leavesNothing(t, run);
});

t.test("samspel dev stops when the npm that ran it was killed", async (t) => {
  const dir = await testProject(t, { greeter: {} });
  const run = runSamspel(t, ["dev", "--project", dir, "--json"], { underNpm: true });
  await run.ready();
  run.signal("SIGKILL");
  await run.until(({ type, text }) => type === "notice" && text === "npm was killed: stopping");
  await leavesNothing(t, run);
});

t.test("samspel dev starts at once after a run that was killed", async (t) => {
  const dir = await testProject(t, { greeter: {} });
  const killed = runSamspel(t, ["dev", "--project", dir, "--json"]);
  const before = await killed.ready();
  killed.signal("SIGKILL");
  await killed.ended;
  const run = runSamspel(t, ["dev", "--project", dir, "--json"]);
  const ready = await run.ready();
  t.equal(ready.services[0]?.url, before.services[0]?.url);
  t.not(ready.services[0]?.pid, before.services[0]?.pid);
  run.signal("SIGINT");
  t.equal(await run.ended, 0);
});

t.test("samspel dev starts a crashed service again and lets the others be", async (t) => {
  const dir = await testProject(t, { greeter: {}, helper: {} });
  const run = runSamspel(t, ["dev", "--project", dir, "--json"]);
  const ready = await run.ready();
  const [greeter, helper] = [await ask(ready, "greeter"), await ask(ready, "helper")];
  await ask(ready, "greeter", "/crash").catch(() => {});
  const crash = await run.until(({ type }) => type === "crashed");
  t.match(crash, { name: "greeter", exit: { type: "exited", code: 3 } });
  await run.until(({ type, name }) => type === "recovered" && name === "greeter");
  t.not((await ask(ready, "greeter")).pid, greeter.pid);
  t.equal((await ask(ready, "helper")).pid, helper.pid);
});

t.test("samspel dev starts a crashed part of infra again, in the same place", async (t) => {
  const dir = await testProject(t, { greeter: {} });
  const run = runSamspel(t, ["dev", "--project", dir, "--json"]);
  const ready = await run.ready();
  const nats = ready.infra.find(({ name }) => name === "nats");
  if (nats?.pid === undefined) throw new Error("NATS has no process");
  process.kill(nats.pid, "SIGKILL");
  t.match(await run.until(({ type }) => type === "crashed"), { name: "nats", exit: { signal: "SIGKILL" } });
  await run.until(({ type, name }) => type === "recovered" && name === "nats");
  await (await connect({ servers: nats.url })).close();
  run.signal("SIGINT");
  t.equal(await run.ended, 0);
  await leavesNothing(t, run);
});

t.test("samspel dev keeps the data of the run before, unless --fresh", async (t) => {
  const dir = await testProject(t, { greeter: {} });
  const tables = async (args: readonly string[], change: string): Promise<number> => {
    const run = runSamspel(t, ["dev", "--project", dir, "--json", ...args]);
    const ready = await run.ready();
    t.comment(`ready after ${ready.tookMs} ms`);
    const sql = postgres(urlOf(ready, "postgres"), { max: 1, onnotice: () => {} });
    const [found] = await sql<{ readonly tables: number }[]>`
      select count(*)::int as tables from pg_tables where tablename = 'kept'`;
    if (change !== "") await sql.unsafe(change);
    await sql.end();
    run.signal("SIGTERM");
    t.equal(await run.ended, 0);
    return found?.tables ?? -1;
  };
  t.equal(await tables([], "create table kept ()"), 0);
  t.equal(await tables([], ""), 1);
  t.equal(await tables(["--fresh"], ""), 0);
});
