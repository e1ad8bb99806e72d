// The infra that all tests of a machine share: started by whoever comes first, ended when nobody is there, replaced when it
// was killed. In a cache of this test's own, so that nobody else comes.
import { spawn, type ChildProcess } from "node:child_process";
import { chmod, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { connect } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import t, { type Test } from "tap";
import { cacheFolder } from "../../../devkit/src/infra/index.ts";
import { until } from "../../support/until.ts";

interface Seen {
  readonly databaseUrl: string;
  readonly natsUrl: string;
  readonly startedMs: number;
}

/** A cache with the binaries of the real one. */
async function ownCache(t: Test): Promise<string> {
  const cache = await mkdtemp(join(tmpdir(), "samspel-shared-"));
  // Under root, Postgres runs as another user, who must pass.
  await chmod(cache, 0o711);
  t.teardown(() => rm(cache, { recursive: true, force: true }));
  const real = cacheFolder(process.env);
  for (const name of await readdir(real))
    if (name !== "test-infra") await symlink(join(real, name), join(cache, name));
  return cache;
}

interface Running {
  readonly seen: Promise<Seen>;
  readonly process: ChildProcess;
  /** What it wrote on standard error. */
  readonly errors: () => string;
  end(): Promise<number | null>;
}

/** A test's process with a system on shared infra. */
function startTestProcess(t: Test, cache: string, env: Readonly<Record<string, string>> = {}): Running {
  const child = spawn(
    process.execPath,
    ["--conditions=samspel-source", join(import.meta.dirname, "fixtures/shared-infra-process.ts")],
    {
      env: {
        PATH: process.env["PATH"],
        HOME: process.env["HOME"],
        SAMSPEL_CACHE_DIR: cache,
        SAMSPEL_TEST_INFRA_IDLE_MS: "500",
        ...env,
      },
      stdio: ["pipe", "pipe", "pipe"],
    },
  );
  t.teardown(() => child.kill("SIGKILL"));
  let errors = "";
  child.stderr.on("data", (text: Buffer) => (errors += text.toString("utf8")));
  const ended = once(child, "exit") as Promise<[number | null]>;
  const seen = (async (): Promise<Seen> => {
    for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line) as Seen;
    throw new Error(`ended without a word: ${errors}`);
  })();
  seen.catch(() => {});
  return {
    seen,
    process: child,
    errors: () => errors,
    async end() {
      child.stdin.end();
      return (await ended)[0];
    },
  };
}

async function recordOf(cache: string): Promise<{ readonly pid: number; readonly port: number } | undefined> {
  const [folder] = await readdir(join(cache, "test-infra"));
  const text = await readFile(join(cache, "test-infra", folder ?? "", "keeper.json"), "utf8").catch(
    () => undefined,
  );
  return text === undefined ? undefined : (JSON.parse(text) as { pid: number; port: number });
}

const placeOf = ({ databaseUrl, natsUrl }: Seen): string => `${new URL(databaseUrl).host} ${natsUrl}`;

function accepts(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname, () => resolve(true));
    socket.on("error", () => resolve(false)).on("close", () => socket.destroy());
    socket.once("connect", () => socket.destroy());
  });
}

t.test(
  "tests share one Postgres and one NATS, which end with the last of them, and with their keeper",
  async (t) => {
    const cache = await ownCache(t);
    const one = startTestProcess(t, cache);
    const other = startTestProcess(t, cache);
    const [first, second] = await Promise.all([one.seen, other.seen]);
    t.equal(placeOf(first), placeOf(second), "two that come at once have one keeper");
    t.not(first.databaseUrl, second.databaseUrl);
    t.comment(`the first systems: ${first.startedMs} and ${second.startedMs} ms`);

    const keeper = await recordOf(cache);
    const stranger = connect(keeper?.port ?? 0, "127.0.0.1").on("error", () => {});
    stranger.write(`${"0".repeat(32)}\n`);
    await once(stranger.resume(), "close");

    process.kill(keeper?.pid ?? 0, "SIGKILL");
    await until("Postgres is gone with its keeper", async () => !(await accepts(first.databaseUrl)));
    await until("NATS is gone with its keeper", async () => !(await accepts(first.natsUrl)));
    for (const { process } of [one, other]) process.kill("SIGKILL");

    const next = startTestProcess(t, cache);
    const third = await next.seen;
    t.equal(await next.end(), 0);
    await until("the keeper's record is gone", async () => (await recordOf(cache)) === undefined);
    await until("Postgres is gone when nobody uses it", async () => !(await accepts(third.databaseUrl)));
    await until("NATS is gone when nobody uses it", async () => !(await accepts(third.natsUrl)));
  },
);

t.test("a wrong setting of the keeper is told to the test that starts it", async (t) => {
  const cache = await ownCache(t);
  const failing = startTestProcess(t, cache, { SAMSPEL_TEST_INFRA_IDLE_MS: "soon" });
  await t.rejects(failing.seen, {
    message:
      /SAMSPEL_TEST_INFRA_IDLE_MS must be a number of milliseconds, 1 or more: current value is "soon"/,
  });
});
