// A service's settings: what the code says, else the environment, else a default, else one clear error (A1).
import type { Interceptor } from "@connectrpc/connect";
import { resolveAuth, type AuthOptions, type ResolvedAuth } from "../auth/index.ts";
import type { TopicMethod } from "../descriptor/index.ts";
import type { Entity } from "../entity/index.ts";
import { SamspelError } from "../errors/index.ts";
import type { LiveSubscription } from "../live/index.ts";
import type { PolicyConfiguration } from "../policy/index.ts";
import type { Projection } from "../projection/index.ts";
import type { Publication } from "../publication/index.ts";
import type { PortLimits } from "../service/index.ts";
import type { Logger } from "../telemetry/index.ts";
import type { Subscription } from "../topic/index.ts";
import type { DescriptorChanges } from "./check-callers.ts";
import type { Serving } from "./serve.ts";
import type { ServiceContext } from "./service-context.ts";
import type { IdentityMode } from "./service-identity.ts";

/** Of a durable topic or of a live one. */
type AnySubscription = Subscription | LiveSubscription;

/** What a service is made of, and where it runs. */
export interface ServiceOptions {
  /** The service's name: a DNS label. It is its name in the registry. */
  readonly name: string;
  readonly entities?: readonly Entity[];
  readonly services?: readonly Serving[];
  readonly topics?: readonly Publication[];
  /** The live topics that the service publishes to, by their methods: they are served over gRPC as well. */
  readonly liveTopics?: readonly TopicMethod[];
  readonly projections?: readonly Projection[];
  /** Subscriptions, or functions that make one from the service's clients, database and log. */
  readonly subscriptions?: readonly (AnySubscription | ((context: ServiceContext) => AnySubscription))[];
  /** Wraps each call that the service serves. */
  readonly interceptors?: readonly Interceptor[];
  /**
   * What is to happen to calls that the service makes and serves: it comes before what proto files say, and what the
   * registry says comes before it. Default: nothing.
   */
  readonly policies?: PolicyConfiguration;
  /**
   * Address to listen on. It is registered, too; for 0.0.0.0 and ::, the address of the interface that faces the
   * registry is. Default: `SAMSPEL_HOST`, else 127.0.0.1.
   */
  readonly host?: string;
  /** Default: `SAMSPEL_PORT`, else a free one. */
  readonly port?: number;
  /** Postgres. Default: `DATABASE_URL`. Needed with entities, topics, projections and inboxes. */
  readonly databaseUrl?: string;
  /** The Postgres schema that holds the service's tables. Default: `SAMSPEL_SCHEMA`, else the name, `-` made `_`. */
  readonly schema?: string;
  /** NATS with JetStream. Default: `NATS_URL`. Needed with topics and subscriptions, and to tell. */
  readonly natsUrl?: string;
  /** Stands before the names of streams and subjects. Default: `SAMSPEL_TOPIC_PREFIX`, else empty. */
  readonly topicPrefix?: string;
  /** Consul's HTTP address. Default: `CONSUL_HTTP_ADDR`, else http://127.0.0.1:8500. */
  readonly registryUrl?: string;
  /** The version that the registry shows. Default: `SAMSPEL_VERSION`, else none. */
  readonly version?: string;
  /** Where it runs, for the registry; its calls prefer instances there. Default: `SAMSPEL_ZONE`, else none. */
  readonly zone?: string;
  /**
   * Who the service is to others. `consul`: it shows a certificate of the registry's CA, its port takes TLS and callers
   * with such certificates only, and the registry's intentions say which. `consul-permissive`: it takes plaintext, too,
   * while others still have to get an identity. Default: `SAMSPEL_IDENTITY`, else `none`.
   */
  readonly identity?: IdentityMode;
  /** Whose tokens are users', and what happens where no rule says who may call. */
  readonly auth?: AuthOptions;
  /**
   * What happens at the start where this version's proto services would break services that call them, as these have
   * noted in the registry: `warn` logs each change with its callers, `refuse` does not start, `off` does not look.
   * Default: `SAMSPEL_DESCRIPTOR_CHANGES`, else `warn`.
   */
  readonly descriptorChanges?: DescriptorChanges;
  /** How long calls and handlers in flight may take to finish on a stop. Default 30,000 ms. */
  readonly drainMs?: number;
  /** Whether states are frozen, so that a handler that changes one fails. Default: outside of NODE_ENV=production. */
  readonly freezeStates?: boolean;
  /** How many calls the port works on at a time, how many connections it has, and for how long. */
  readonly limits?: PortLimits;
  /** How many entities of a type stay in memory at most; the longest unused leaves first (J5). Default 10,000. */
  readonly maxLiveEntities?: number;
  /** An entity without a command for so long leaves memory (J5). Default 120,000 ms. */
  readonly passivateAfterMs?: number;
  /** How long a repeated command gets its first reply again (J3). Default 7 days, in milliseconds. */
  readonly commandRetentionMs?: number;
  /**
   * Whether `samspel.v1.InspectionService` is served beside the service's own: it shows all that its entities have
   * stored to whoever reaches the port. Default: `SAMSPEL_INSPECTION`, else outside of NODE_ENV=production.
   */
  readonly inspection?: boolean;
  /**
   * Whether `samspel.v1.BackofficeService` is served beside the service's own: it shows and steers the service's
   * background work for whoever reaches the port. Default: `SAMSPEL_BACKOFFICE`, else outside of NODE_ENV=production.
   */
  readonly backoffice?: boolean;
  /**
   * Whether the service is what the process is for: then SIGTERM and SIGINT stop it in order and end the process (A2),
   * and so does a start that fails. Default true.
   */
  readonly ownsProcess?: boolean;
  /** Default: JSON lines on standard output at `LOG_LEVEL`, else `info`. */
  readonly logger?: Logger;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Settings that are checked; what a service does not need may be absent. */
export interface ResolvedServiceOptions {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly databaseUrl: string | undefined;
  readonly schema: string;
  readonly natsUrl: string | undefined;
  readonly topicPrefix: string;
  readonly version: string | undefined;
  readonly zone: string | undefined;
  readonly identity: IdentityMode;
  readonly auth: ResolvedAuth;
  readonly isProduction: boolean;
  readonly descriptorChanges: DescriptorChanges;
  readonly drainMs: number;
  readonly freezeStates: boolean;
  readonly maxLiveEntities: number;
  readonly passivateAfterMs: number;
  readonly commandRetentionMs: number;
  readonly inspection: boolean;
  readonly backoffice: boolean;
  readonly ownsProcess: boolean;
  readonly logLevel: string;
}

const namePattern = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;
const identityModes: readonly IdentityMode[] = ["none", "consul", "consul-permissive"];
const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"];

/**
 * Settles each setting: option, else environment, else default.
 * @throws SAMSPEL_INVALID_CONFIGURATION that names the setting, its value and what it must be.
 */
export function resolveServiceOptions(
  options: ServiceOptions,
  environment: Environment = process.env,
): ResolvedServiceOptions {
  const { name } = options;
  if (!namePattern.test(name)) {
    throw refuse("name", "lower-case letters, digits and inner `-`, at most 63 characters, as in DNS", name);
  }
  const needsDatabase =
    (options.topics ?? []).some(({ sources }) => sources.size > 0) ||
    [options.entities, options.projections].some((list) => (list?.length ?? 0) > 0) ||
    (options.services ?? []).some(({ inbox }) => inbox === true);
  const needsBroker = [options.topics, options.liveTopics, options.subscriptions].some(
    (list) => (list?.length ?? 0) > 0,
  );
  return {
    name,
    host: options.host ?? set(environment["SAMSPEL_HOST"]) ?? "127.0.0.1",
    port: resolvePort(options.port, set(environment["SAMSPEL_PORT"])),
    databaseUrl: resolveUrl({
      setting: "DATABASE_URL",
      value: options.databaseUrl ?? set(environment["DATABASE_URL"]),
      protocols: ["postgres:", "postgresql:"],
      neededFor: needsDatabase ? "entities, topics, projections and inboxes" : undefined,
    }),
    schema: options.schema ?? set(environment["SAMSPEL_SCHEMA"]) ?? name.replaceAll("-", "_"),
    natsUrl: resolveUrl({
      setting: "NATS_URL",
      value: options.natsUrl ?? set(environment["NATS_URL"]),
      protocols: ["nats:", "tls:"],
      neededFor: needsBroker ? "topics and subscriptions" : undefined,
    }),
    topicPrefix: options.topicPrefix ?? set(environment["SAMSPEL_TOPIC_PREFIX"]) ?? "",
    version: options.version ?? set(environment["SAMSPEL_VERSION"]),
    zone: options.zone ?? set(environment["SAMSPEL_ZONE"]),
    identity: resolveIdentity(options.identity ?? set(environment["SAMSPEL_IDENTITY"])),
    auth: resolveAuth(options.auth, environment),
    isProduction: environment["NODE_ENV"] === "production",
    descriptorChanges:
      options.descriptorChanges ?? resolveChanges(set(environment["SAMSPEL_DESCRIPTOR_CHANGES"])),
    drainMs: options.drainMs ?? 30_000,
    freezeStates: options.freezeStates ?? environment["NODE_ENV"] !== "production",
    maxLiveEntities: resolvePositive("maxLiveEntities", options.maxLiveEntities, 10_000),
    passivateAfterMs: resolvePositive("passivateAfterMs", options.passivateAfterMs, 120_000),
    commandRetentionMs: resolvePositive("commandRetentionMs", options.commandRetentionMs, sevenDaysMs),
    inspection:
      options.inspection ??
      resolveFlag("SAMSPEL_INSPECTION", set(environment["SAMSPEL_INSPECTION"])) ??
      environment["NODE_ENV"] !== "production",
    backoffice:
      options.backoffice ??
      resolveFlag("SAMSPEL_BACKOFFICE", set(environment["SAMSPEL_BACKOFFICE"])) ??
      environment["NODE_ENV"] !== "production",
    ownsProcess: options.ownsProcess ?? true,
    logLevel: resolveLogLevel(set(environment["LOG_LEVEL"])),
  };
}

const sevenDaysMs = 7 * 24 * 60 * 60 * 1_000;

function set(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}

function resolvePort(option: number | undefined, variable: string | undefined): number {
  const port = option ?? (variable === undefined ? 0 : Number(variable));
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw refuse(
    option === undefined ? "SAMSPEL_PORT" : "port",
    "an integer from 0 (a free one) to 65535",
    variable ?? String(option),
  );
}

function resolvePositive(setting: string, value: number | undefined, byDefault: number): number {
  const resolved = value ?? byDefault;
  if (Number.isSafeInteger(resolved) && resolved > 0) return resolved;
  throw refuse(setting, "a positive integer", String(resolved));
}

function resolveIdentity(value = "none"): IdentityMode {
  const mode = identityModes.find((it) => it === value);
  if (mode !== undefined) return mode;
  throw refuse("SAMSPEL_IDENTITY", `one of ${identityModes.join(", ")}`, value);
}

function resolveFlag(setting: string, value: string | undefined): boolean | undefined {
  if (value === undefined) return undefined;
  if (value === "true" || value === "false") return value === "true";
  throw refuse(setting, "true or false", value);
}

function resolveChanges(value = "warn"): DescriptorChanges {
  if (value === "warn" || value === "refuse" || value === "off") return value;
  throw refuse("SAMSPEL_DESCRIPTOR_CHANGES", "warn, refuse or off", value);
}

interface UrlSetting {
  readonly setting: string;
  readonly value: string | undefined;
  readonly protocols: readonly string[];
  /** What the service has that needs it; undefined where it can do without. */
  readonly neededFor: string | undefined;
}

function resolveUrl({ setting, value, protocols, neededFor }: UrlSetting): string | undefined {
  const shape = protocols.map((protocol) => `${protocol}//host:port`).join(" or ");
  if (value === undefined) {
    if (neededFor === undefined) return undefined;
    throw new SamspelError(
      "SAMSPEL_INVALID_CONFIGURATION",
      `${setting} is not set, but ${neededFor} need it: set it to ${shape}, or start the service with \`samspel dev\``,
    );
  }
  if (URL.canParse(value) && protocols.includes(new URL(value).protocol)) return value;
  // The value may hold a password, so only its beginning is shown.
  throw refuse(
    setting,
    `a URL like ${shape}`,
    URL.canParse(value) ? `${new URL(value).protocol}//…` : "no URL",
  );
}

function resolveLogLevel(level = "info"): string {
  if (logLevels.includes(level)) return level;
  throw refuse("LOG_LEVEL", `one of ${logLevels.join(", ")}`, level);
}

function refuse(setting: string, must: string, value: string): SamspelError {
  return new SamspelError(
    "SAMSPEL_INVALID_CONFIGURATION",
    `${setting} must be ${must}: current value is "${value}"`,
    {
      metadata: { setting },
    },
  );
}
