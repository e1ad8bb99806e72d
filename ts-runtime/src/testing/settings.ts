// Where a test service finds its infra: option, else the test run's variable, else the service's own, else nothing, which
// is an error only for a service that needs it (A1).
import { invalidConfiguration } from "../errors/index.ts";
import type { ServiceOptions } from "../host/index.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What a test service may be told of its infra. */
export interface InfraOptions {
  /** Postgres that accepts new schemas. Default: `TEST_DATABASE_URL`, else `DATABASE_URL`. */
  readonly databaseUrl?: string;
  /** NATS with JetStream. Default: `TEST_NATS_URL`, else `NATS_URL`. */
  readonly natsUrl?: string;
  /** Consul's HTTP address. Default: an embedded registry of the test's own. */
  readonly registryUrl?: string;
}

/** What there is; what is needed is checked by `requireInfra`. */
export interface ResolvedInfra {
  readonly databaseUrl: string | undefined;
  readonly natsUrl: string | undefined;
  readonly registryUrl: string | undefined;
  /** Of services that bring no logger. Default `error`: what fails inside a call reaches the test as `Internal` only. */
  readonly logLevel: string;
}

export function resolveInfraOptions(
  options: InfraOptions,
  environment: Environment = process.env,
): ResolvedInfra {
  const variable = (...names: readonly string[]): string | undefined =>
    names.map((name) => environment[name]).find((value) => value !== undefined && value !== "");
  return {
    databaseUrl: options.databaseUrl ?? variable("TEST_DATABASE_URL", "DATABASE_URL"),
    natsUrl: options.natsUrl ?? variable("TEST_NATS_URL", "NATS_URL"),
    registryUrl: options.registryUrl,
    logLevel: variable("LOG_LEVEL") ?? "error",
  };
}

type Parts = Pick<ServiceOptions, "entities" | "topics" | "liveTopics" | "projections" | "subscriptions">;

/**
 * Holds the parts of a service against the infra that there is.
 * @throws SAMSPEL_INVALID_CONFIGURATION that names what is missing, what for, and how to get it.
 */
export function requireInfra(name: string, parts: Parts, infra: ResolvedInfra): void {
  const has = (part: keyof Parts): boolean => (parts[part]?.length ?? 0) > 0;
  if (infra.databaseUrl === undefined && (has("entities") || has("topics") || has("projections"))) {
    throw missing(name, {
      parts: "entities, topics and projections",
      what: "Postgres",
      setting: "databaseUrl, TEST_DATABASE_URL or DATABASE_URL",
      shape: "postgres://user:password@host:5432/database",
    });
  }
  if (infra.natsUrl === undefined && needsBroker(parts)) {
    throw missing(name, {
      parts: "topics and subscriptions",
      what: "NATS with JetStream",
      setting: "natsUrl, TEST_NATS_URL or NATS_URL",
      shape: "nats://host:4222",
    });
  }
}

/** Whether a service publishes or subscribes. */
function needsBroker({ topics = [], liveTopics = [], subscriptions = [] }: Parts): boolean {
  return topics.length + liveTopics.length + subscriptions.length > 0;
}

function missing(
  name: string,
  { parts, what, setting, shape }: { readonly [K in "parts" | "what" | "setting" | "shape"]: string },
): Error {
  return invalidConfiguration(
    `Cannot start test service ${name} as ${parts} need ${what}: set ${setting} to ${shape}; ` +
      `\`samspel dev\` starts one and shows where it is, and in a program startInfra of samspel/infra does`,
  );
}
