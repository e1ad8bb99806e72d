// Options of infra, checked once: option, else environment, else default.
import { homedir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { superviseProcesses, type Supervisor } from "../process/index.ts";
import type { InfraOptions, InfraPartName } from "./infra.ts";
import { InfraError } from "./infra-error.ts";
import { silentReporter, type InfraReporter } from "./reporter.ts";

const defaultVariables: Readonly<Record<InfraPartName, string>> = {
  postgres: "DATABASE_URL",
  nats: "NATS_URL",
  registry: "CONSUL_HTTP_ADDR",
};

// Where Go's own installer puts it, without touching PATH.
const goFolder = "/usr/local/go/bin";

/** A part that is not ours to start: its URL, and the variable that gave it (for errors). */
export interface GivenPart {
  readonly url: string;
  readonly variable: string;
}

/** `InfraOptions` with nothing left open. */
export interface ResolvedInfraOptions {
  readonly dataDir: string;
  readonly fresh: boolean;
  readonly registry: "embedded" | "consul";
  readonly reporter: InfraReporter;
  readonly supervisor: Supervisor;
  readonly ownsSupervisor: boolean;
  readonly ports: Partial<Readonly<Record<InfraPartName, number>>>;
  readonly variables: Readonly<Record<InfraPartName, string>>;
  readonly given: Partial<Readonly<Record<InfraPartName, GivenPart>>>;
  readonly cacheDir: string;
  readonly searchPath: readonly string[];
  readonly downloads: boolean;
  readonly postgresSettings: Readonly<Record<string, string | number>>;
  readonly signal: AbortSignal | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Checks the options. @throws InfraError that names the setting, the value and the fix. */
export function resolveInfraOptions(
  options: InfraOptions,
  environment: Environment = process.env,
): ResolvedInfraOptions {
  for (const [name, port] of Object.entries(options.ports ?? {})) {
    if (!Number.isInteger(port) || port < 1 || port > 65_535) {
      throw new InfraError(
        `Cannot start infra as ports.${name} must be 1 to 65535: current value is ${port}`,
      );
    }
  }
  const variables = options.variables ?? defaultVariables;
  return {
    dataDir: resolve(options.dataDir),
    fresh: options.fresh ?? false,
    registry: options.registry ?? "embedded",
    reporter: options.reporter ?? silentReporter,
    supervisor: options.supervisor ?? superviseProcesses(),
    ownsSupervisor: options.supervisor === undefined,
    ports: options.ports ?? {},
    variables,
    given: { ...givenByEnvironment(environment, variables), ...options.given },
    cacheDir: resolve(options.cacheDir ?? cacheFolder(environment)),
    searchPath: options.searchPath ?? [...(environment["PATH"] ?? "").split(delimiter), goFolder],
    downloads: options.downloads ?? resolveDownloads(environment["SAMSPEL_DOWNLOADS"]),
    postgresSettings: options.postgresSettings ?? {},
    signal: options.signal,
  };
}

function givenByEnvironment(
  environment: Environment,
  variables: Readonly<Record<InfraPartName, string>>,
): Partial<Record<InfraPartName, GivenPart>> {
  const given: Partial<Record<InfraPartName, GivenPart>> = {};
  for (const name of ["postgres", "nats", "registry"] as const) {
    const variable = variables[name];
    const url = environment[variable];
    if (url !== undefined && url !== "") given[name] = { url, variable };
  }
  return given;
}

function resolveDownloads(value = "on"): boolean {
  if (value === "" || value === "on") return true;
  if (value === "off") return false;
  throw new InfraError(`SAMSPEL_DOWNLOADS must be on or off: current value is "${value}"`);
}

/** Where binaries, templates and what tests share are kept: `SAMSPEL_CACHE_DIR`, else the user's cache. */
export function cacheFolder(environment: Environment): string {
  const own = environment["SAMSPEL_CACHE_DIR"];
  if (own !== undefined && own !== "") return own;
  const shared = environment["XDG_CACHE_HOME"];
  return join(shared !== undefined && shared !== "" ? shared : join(homedir(), ".cache"), "samspel");
}
