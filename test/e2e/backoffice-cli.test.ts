// The commands of `samspel` that look after a service, as a person or a script runs them.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import t from "tap";
import { changedTopic, startFaultyService, type FaultyService } from "../support/faulty-service.ts";
import { until } from "../support/until.ts";

const main = join(import.meta.dirname, "../../devkit/src/cli/main.ts");
const registry = await startEmbeddedRegistry();
t.teardown(() => registry.close());
const registryUrl = registry.url;

interface Result {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a command; `answer` is typed where it asks, which it does only at a terminal. */
async function samspel(...args: readonly string[]): Promise<Result> {
  const child = spawn(process.execPath, ["--conditions=samspel-source", main, ...args], {
    env: { PATH: process.env["PATH"] ?? "", CONSUL_HTTP_ADDR: registryUrl },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const code = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, out, err };
}

async function parked({ backoffice }: FaultyService): Promise<number> {
  return (await backoffice.listDeadLetters({})).deadLetters.length;
}

t.test("samspel finds a service by its name, and says what there is where it does not", async (t) => {
  const { url } = await startFaultyService(t, { registryUrl });
  const found = await samspel("topics", "--service", "faulty");
  t.equal(found.code, 0, found.err);
  t.match(
    found.out,
    new RegExp(`^topic +published +groups +messages[^\n]*\n${changedTopic} +yes +watcher +\\d+`),
  );
  t.match(await samspel("topics", "--url", url), { code: 0 });
  t.match(await samspel("topics", "--service", "nobody"), {
    code: 2,
    out: "",
    err: /^No instance of service nobody is in the registry at .* and well: there are faulty\n$/,
  });
  t.match(await samspel("topics"), { code: 2, err: /^Which service\? Give --service/ });
  t.match(await samspel("topics", "--url", "http://127.0.0.1:1"), {
    code: 2,
    err: /^The service does not answer/,
  });
  t.match(await samspel("topics", "--servise", "x"), { code: 2, err: /unknown option/ });
  t.match(await samspel("dead-letters", "replay", "--help"), { code: 0, out: /--all +all of --group/ });
});

t.test("samspel says where a service has no backoffice", async (t) => {
  const { url } = await startFaultyService(t, { registryUrl, name: "closed", backoffice: false });
  t.match(await samspel("leases", "--url", url), {
    code: 2,
    err: /has no backoffice: .*SAMSPEL_BACKOFFICE=true/,
  });
});

t.test("samspel dead-letters lists, shows, replays and drops", { timeout: 120_000 }, async (t) => {
  const on = await startFaultyService(t, { registryUrl });
  const { unhandled } = on;
  for (const value of [2n, 3n, 4n, 5n]) unhandled.add(value);
  await on.countUp("apples", 5);
  await until("four are parked", async () => (await parked(on)) === 4);
  const [first] = (await on.backoffice.listDeadLetters({})).deadLetters;
  const id = first?.id ?? "";
  const command = (...args: readonly string[]): Promise<Result> =>
    samspel("dead-letters", ...args, "--service", "faulty");

  const listed = await command("list");
  t.match(listed, {
    code: 0,
    out: /^id +group +topic +key +attempts.*\n\d+ +watcher .*apples +2 +.*the handler cannot bear 2/,
  });
  t.match(await command(), { code: 0, out: listed.out }, "the list is what is meant by default");
  const lines = (await command("list", "--json", "--limit", "2")).out.trim().split("\n");
  t.match(
    lines.map((line) => JSON.parse(line)),
    [{ id, key: "apples", attempts: 2 }, { group: "watcher" }],
  );
  t.match(await command("show", id), {
    code: 0,
    out: /parked at .* after 2 attempts\n  error: .*cannot bear 2[^]*"counterId": "apples",\n  "value": "2"/,
  });
  t.match(JSON.parse((await command("show", id, "--json")).out), { message: { counterId: "apples" } });

  t.match(await command("replay", id), { code: 1, out: `${id}: failed again: ` });
  unhandled.delete(2n);
  t.match(await command("replay", id), { code: 0, out: `${id}: handled\n` });
  t.match(await command("replay", id), { code: 1, err: /^SAMSPEL_NOT_FOUND: / });
  unhandled.delete(3n);
  const all = await command("replay", "--all", "--group", "watcher");
  t.match(all, {
    code: 1,
    out: /failed again: .*cannot bear 4\n.*cannot bear 5\n1 handled, 2 failed again\n$/,
  });
  t.match(await command("replay"), { code: 2, err: /^Which dead letters\?/ });
  t.match(await command("replay", "--all"), { code: 2, err: /^--all needs --group/ });

  t.match(await command("drop", "--all", "--group", "watcher"), {
    code: 2,
    err: /Nobody can answer here: give --yes/,
  });
  t.equal(await parked(on), 2, "nothing was dropped");
  t.match(await command("drop", "--all", "--group", "watcher", "--yes"), { code: 0, out: "2 dropped\n" });
  t.match(await command("list"), { code: 0, out: "no dead letters\n" });
});

t.test("samspel subscriptions pauses, resumes and resets", { timeout: 120_000 }, async (t) => {
  const on = await startFaultyService(t, { registryUrl });
  await on.countUp("a", 2);
  await until("two are handled", () => on.handled.length === 2);
  const command = (...args: readonly string[]): Promise<Result> =>
    samspel("subscriptions", ...args, "--service", "faulty");
  t.match(await command(), {
    code: 0,
    out: /^group +topic +state +behind.*\nwatcher .*running +0 +0 +1 instance\n/,
  });
  t.match(await command("pause", "watcher"), { code: 0, out: `watcher of ${changedTopic} is paused\n` });
  await until("it is", async () => / paused /.test((await command()).out));
  await on.countUp("a", 1);
  t.match(await command("resume", "watcher"), { code: 0 });
  await until("three are handled", () => on.handled.length === 3);
  t.match(await command("reset", "watcher", "--to", "someday", "--yes"), {
    code: 2,
    err: /^--to must be beginning/,
  });
  t.match(await command("reset", "watcher", "--to", "beginning", "--yes"), { code: 0 });
  await until("all came again", () => on.handled.length === 6, 20_000);
  t.match(await command("list", "--parts"), { code: 0, out: /^name +part +owner.*\nwatcher +0 +faulty / });
  t.match(JSON.parse((await command("--json")).out), { subscriptions: [{ state: "WORK_STATE_RUNNING" }] });
  t.match(await command("pause", "nobody"), { code: 2, err: /no subscription of group nobody/ });
});

t.test("samspel projections steers, and mends what is parked", { timeout: 120_000 }, async (t) => {
  const on = await startFaultyService(t, { registryUrl });
  on.unapplied.add(7n);
  await on.counters.increment({ counterId: "a", amount: 7n });
  await on.counters.increment({ counterId: "b", amount: 7n });
  const command = (...args: readonly string[]): Promise<Result> =>
    samspel("projections", ...args, "--service", "faulty");
  await until("both are parked", async () => / 2 +1 instance/.test((await command()).out), 20_000);
  t.match(await command("parked", "sums"), {
    code: 0,
    out: /counter\/1\/a +parked +2 .*the projection cannot bear 7/,
  });
  t.match(await command("drop", "sums", "counter/1/b", "--yes"), { code: 0, out: "1 dropped\n" });
  on.unapplied.clear();
  t.match(await command("retry", "sums", "--all"), { code: 0, out: /^1 are tried again/ });
  await until(
    "none is parked",
    async () => (await command("parked", "sums")).out === "no parked events\n",
    20_000,
  );
  t.match(await command("pause", "sums"), { code: 0, out: "sums is paused\n" });
  t.match(await command(), { code: 0, out: /^projection +state.*\nsums +paused +1 +0 / });
  t.match(await command("resume", "sums"), { code: 0 });
  t.match(await command("reset", "sums", "--to", "beginning", "--yes"), {
    code: 0,
    out: "sums goes on from beginning\n",
  });
  t.match(await command("rebuild", "sums"), { code: 0, out: /^sums is being rebuilt/ });
  t.match(await command("retry", "sums"), { code: 2, err: /^Which events\?/ });
  t.match(await command("pause", "nothing"), { code: 1, err: /^SAMSPEL_NOT_FOUND: .*it has sums\n$/ });
});

t.test("samspel tells and samspel leases show what is under way", async (t) => {
  await startFaultyService(t, { registryUrl });
  t.match(await samspel("tells", "--service", "faulty"), {
    code: 0,
    out: /^told service +behind.*\nsamspel\.test\.v1\.CounterService +(\?|0) [^]*the outbox is empty\n$/,
  });
  t.match(await samspel("tells", "show", "junk", "--service", "faulty"), {
    code: 1,
    err: /SAMSPEL_INVALID_REQUEST/,
  });
  await until("leases are held", async () =>
    /^work +range +owner +epoch.*\n\S+ +0 +faulty@/.test(
      (await samspel("leases", "--service", "faulty")).out,
    ),
  );
});
