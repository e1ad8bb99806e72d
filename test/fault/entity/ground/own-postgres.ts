// A Postgres of a test's own, to be killed, filled and frozen.
import { chmod, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startInfra, type Infra } from "samspel/infra";
import { superviseProcesses } from "samspel/process";
import type { Test } from "tap";

export interface OwnPostgres {
  readonly url: string;
  readonly pid: number | undefined;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  /** Fast shutdown if it runs, and a start on the same port and data. */
  restart(): Promise<void>;
}

export interface OwnPostgresOptions {
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Where its data lies. Default: a temporary folder. */
  readonly dataDir?: string;
}

/** Starts a Postgres; it ends with the test, and its data with it, also when the test is killed. */
export async function startOwnPostgres(t: Test, options: OwnPostgresOptions = {}): Promise<OwnPostgres> {
  const supervisor = superviseProcesses();
  t.teardown(() => supervisor.stop());
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "samspel-postgres-")));
  // Under root, Postgres runs as another user, who must pass.
  await chmod(dataDir, 0o711);
  if (options.dataDir === undefined) supervisor.removeAtEnd(dataDir);
  const infra: Infra = await startInfra({
    dataDir,
    supervisor,
    // The other two are those of the test run.
    variables: { postgres: "NO_POSTGRES_IS_GIVEN", nats: "TEST_NATS_URL", registry: "TEST_CONSUL_URL" },
    // What is killed here is a process, not a machine: what it wrote is written.
    postgresSettings: { fsync: "off", full_page_writes: "off", ...options.settings },
  });
  t.teardown(() => infra.stop());
  return {
    url: infra.databaseUrl,
    get pid() {
      return infra.describe().find(({ name }) => name === "postgres")?.pid;
    },
    kill: () => infra.kill("postgres"),
    restart: () => infra.restart("postgres"),
  };
}
