// Infra as the dev runner starts it. It is not the infra of the test run: each test starts its own, on a data
// folder of its own; only the cache of binaries is shared.
import { once } from "node:events";
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { connect } from "nats";
import postgres from "postgres";
import { startInfra, type Infra, type InfraOptions } from "samspel/infra";
import t, { type Test } from "tap";
import { until } from "../../support/until.ts";

// Nothing sets these: each part is started, not given.
const variables = { postgres: "UNSET_POSTGRES", nats: "UNSET_NATS", registry: "UNSET_REGISTRY" };

function dataFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), "samspel-infra-"));
  chmodSync(folder, 0o711);
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "data");
}

async function start(t: Test, options: InfraOptions): Promise<Infra> {
  const infra = await startInfra({ variables, ...options });
  t.teardown(() => infra.stop());
  return infra;
}

async function query(infra: Infra, statement: string): Promise<readonly object[]> {
  const sql = postgres(infra.databaseUrl, { max: 1, onnotice: () => {} });
  try {
    return [...(await sql.unsafe<object[]>(statement))];
  } finally {
    await sql.end();
  }
}

async function streams(infra: Infra, add?: string): Promise<readonly string[]> {
  const connection = await connect({ servers: infra.natsUrl });
  try {
    const manager = await connection.jetstreamManager();
    if (add !== undefined) await manager.streams.add({ name: add, subjects: [`${add}.>`] });
    return (await manager.streams.list().next()).map(({ config }) => config.name);
  } finally {
    await connection.close();
  }
}

const alive = (pid: number | undefined): boolean => {
  try {
    return pid !== undefined && process.kill(pid, 0);
  } catch {
    return false;
  }
};

t.test(
  "startInfra() keeps data, ports and password when it starts again, and drops data when fresh",
  async (t) => {
    const dataDir = dataFolder(t);
    const first = await start(t, { dataDir });
    await query(first, "create table kept (id int)");
    await streams(first, "KEPT");
    t.equal((await fetch(`${first.registryUrl}/v1/status/leader`)).status, 200);
    const pids = first.describe().map(({ pid }) => pid);
    await first.stop();
    t.notOk(pids.some(alive), "nothing runs after stop");

    const startedAt = performance.now();
    const second = await start(t, { dataDir });
    t.comment(`second start: ${Math.round(performance.now() - startedAt)} ms`);
    t.equal(new URL(second.databaseUrl).password, new URL(first.databaseUrl).password);
    for (const part of ["databaseUrl", "natsUrl", "registryUrl"] as const) {
      // A part whose own port another process has gets a free one, and so may get another one in the next run.
      const port = Number(new URL(first[part]).port);
      if (port >= 20_000 && port < 30_000) t.equal(new URL(second[part]).port, String(port), part);
    }
    t.strictSame(await query(second, "select count(*)::int as n from kept"), [{ n: 0 }]);
    t.strictSame(await streams(second), ["KEPT"]);
    await second.stop();

    const third = await start(t, { dataDir, fresh: true });
    await t.rejects(query(third, "select * from kept"), { code: "42P01" });
    t.strictSame(await streams(third), []);
  },
);

t.test("restart() brings a part back on its port and data when it was killed", async (t) => {
  const infra = await start(t, { dataDir: dataFolder(t) });
  await query(infra, "create table kept (id int)");
  const ended: string[] = [];
  infra.onEnded(({ name }) => ended.push(name));
  for (const name of ["postgres", "nats", "registry"] as const) {
    await infra.kill(name);
    await infra.restart(name);
  }
  t.strictSame(await query(infra, "select count(*)::int as n from kept"), [{ n: 0 }]);
  t.strictSame(await streams(infra), []);
  t.equal((await fetch(`${infra.registryUrl}/v1/status/leader`)).status, 200);
  t.strictSame(ended, [], "what we end ourselves is no crash");
  const nats = infra.describe().find(({ name }) => name === "nats");
  process.kill(nats?.pid ?? 0, "SIGKILL");
  await until("its end is told", () => ended.length > 0);
  t.strictSame(ended, ["nats"]);
});

t.test("startInfra() names the process when another runs on the same data folder", async (t) => {
  const dataDir = dataFolder(t);
  await start(t, { dataDir });
  await t.rejects(startInfra({ dataDir, variables }), {
    name: "InfraError",
    message: new RegExp(`^Cannot start on .*data as process ${process.pid} runs on it`),
  });
});

t.test("SIGKILL of the runner leaves no process, and the next start takes over", async (t) => {
  const dataDir = dataFolder(t);
  const script = `
    import { startInfra } from "samspel/infra";
    const infra = await startInfra(${JSON.stringify({ dataDir, variables })});
    console.log(JSON.stringify(infra.describe()));`;
  const runner = spawn(
    process.execPath,
    ["--conditions=samspel-source", "--input-type=module", "--eval", script],
    { cwd: import.meta.dirname, stdio: ["ignore", "pipe", "inherit"] },
  );
  t.teardown(() => runner.kill("SIGKILL"));
  const lines = createInterface({ input: runner.stdout })[Symbol.asyncIterator]();
  const parts = JSON.parse(String((await lines.next()).value)) as readonly { readonly pid?: number }[];
  const pids = parts.flatMap(({ pid }) => pid ?? []);
  t.equal(pids.length, 2);
  const ended = once(runner, "exit");
  runner.kill("SIGKILL");
  await ended;
  const infra = await start(t, { dataDir });
  t.strictSame(await query(infra, "select 1 as one"), [{ one: 1 }]);
  // The first process of a container may be slow to reap them.
  await until("all have ended", () => !pids.some(alive), 15_000);
});

t.test(
  "startInfra() names port, holder and fix when a named port is taken, and stops what it started",
  async (t) => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    t.teardown(() => server.close());
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const dataDir = dataFolder(t);
    const holder = process.platform === "linux" ? ` by process ${process.pid} ` : "";
    await t.rejects(startInfra({ dataDir, variables, ports: { nats: port } }), {
      name: "InfraError",
      part: "nats",
      message: new RegExp(
        `^Cannot start NATS on 127.0.0.1:${port} as the port is taken${holder}.*choose another port$`,
      ),
    });
    await (await startInfra({ dataDir, variables })).stop();
  },
);

t.test(
  "startInfra() names variable and reason, and no password, when DATABASE_URL cannot be reached",
  async (t) => {
    process.env["UNREACHABLE_URL"] = "postgres://me:secret@127.0.0.1:1/db";
    t.teardown(() => delete process.env["UNREACHABLE_URL"]);
    const error: unknown = await startInfra({
      dataDir: dataFolder(t),
      variables: { ...variables, postgres: "UNREACHABLE_URL" },
    }).catch((reason: unknown) => reason);
    t.match(error, {
      name: "InfraError",
      part: "postgres",
      message:
        /^Cannot reach Postgres at postgres:\/\/me@127\.0\.0\.1:1\/db, given by UNREACHABLE_URL: .*ECONNREFUSED/,
    });
    t.notMatch(String(error), /secret/);
  },
);
