// The environment that each service gets, in any language: the contract between the dev runner and a service.
import { delimiter, dirname } from "node:path";
import type { Program, ServiceDefinition } from "../config/index.ts";
import type { Infra } from "../infra/index.ts";
import type { PythonEnvironment } from "./python-environment.ts";

export interface ServiceEnvironmentOptions {
  /** What all processes of this run inherit. */
  readonly inherited: Readonly<Record<string, string | undefined>>;
  readonly infra: Pick<Infra, "databaseUrl" | "natsUrl" | "registryUrl">;
  readonly host: string;
  readonly port: number;
  /** Where Node keeps compiled code, so that a second start is faster. */
  readonly compileCacheDir: string;
  readonly python?: PythonEnvironment | undefined;
  /** Where spans go. */
  readonly collectorUrl?: string | undefined;
}

/** The whole environment of a service; what samspel.json sets for it comes last. */
export function serviceEnvironment(
  service: ServiceDefinition,
  { inherited, infra, host, port, compileCacheDir, python, collectorUrl }: ServiceEnvironmentOptions,
): Readonly<Record<string, string | undefined>> {
  const binFolders = [python?.binDir, dirname(process.execPath), inherited["PATH"]];
  const ownPath = service.env["PYTHONPATH"] ?? inherited["PYTHONPATH"];
  const pythonPath = [...(service.python?.path ?? []), ownPath, python?.packagesDir];
  return {
    NODE_COMPILE_CACHE: compileCacheDir,
    ...inherited,
    PATH: joined(binFolders),
    SAMSPEL_HOST: host,
    SAMSPEL_PORT: String(port),
    DATABASE_URL: infra.databaseUrl,
    NATS_URL: infra.natsUrl,
    CONSUL_HTTP_ADDR: infra.registryUrl,
    ...(collectorUrl === undefined ? {} : tracing(service.name, collectorUrl)),
    // Python keeps back what it writes to a pipe; logs must come when they are written.
    PYTHONUNBUFFERED: "1",
    ...service.env,
    PYTHONPATH: joined(pythonPath),
  };
}

/** What OpenTelemetry reads, in any language. */
function tracing(name: string, collectorUrl: string): Readonly<Record<string, string>> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl,
    // The one that the exporters of all languages speak.
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
    OTEL_SERVICE_NAME: name,
    // Somebody looks at it: not 5 s later.
    OTEL_BSP_SCHEDULE_DELAY: "500",
  };
}

/** A program and its arguments: `node` is the Node that runs us, `python` that of the service's environment. */
export function resolveProgram(given: Program, python: PythonEnvironment | undefined): Program {
  const [program, ...args] = given;
  if (program === "node") return [process.execPath, ...args];
  if (python !== undefined && /^python3?$/.test(program)) return [python.interpreter, ...args];
  return given;
}

function joined(folders: readonly (string | undefined)[]): string | undefined {
  const present = folders.filter((folder) => folder !== undefined && folder !== "");
  return present.length === 0 ? undefined : present.join(delimiter);
}
