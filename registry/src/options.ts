// The settings of a registry client: option, else environment, else default, else a clear throw. The variables are
// those of Consul's own tools.
import { RegistryError } from "./errors.ts";
import type { RegistryEvent } from "./events.ts";
import { tellingOnce } from "./tell-once.ts";
import { resolveTls, type RegistryTls, type ResolvedTls } from "./tls.ts";

/** How a process talks to its registry. */
export interface RegistryOptions {
  /**
   * Where Consul's HTTP API is. Default: `CONSUL_HTTP_ADDR`, else `http://127.0.0.1:8500`. `host:port` is enough; it
   * means `https` where `CONSUL_HTTP_SSL` is `true`.
   */
  readonly url?: string;
  /** The ACL token. Default: what `tokenFile` or `CONSUL_HTTP_TOKEN_FILE` has, else `CONSUL_HTTP_TOKEN`, else none. */
  readonly token?: string;
  /** A file with the ACL token. It is read again when it changes, so a token can be renewed while the process runs. */
  readonly tokenFile?: string;
  /** How to speak TLS, where the URL is `https`. Each part has its variable. */
  readonly tls?: RegistryTls;
  /** Watches look for instances in this datacenter. Default: the agent's own. */
  readonly datacenter?: string;
  /**
   * Where watches look, in this order, while the own datacenter has no passing instance of a proto service. Default:
   * `SAMSPEL_FAILOVER_DATACENTERS`, a comma list, else none. The datacenters must be joined by Consul's WAN federation.
   */
  readonly failoverDatacenters?: readonly string[];
  /**
   * How long the last good set of instances is kept after an answer with none (R5). Default 10,000 ms: longer than
   * a running instance needs to come back to a registry that lost its state (its longest backoff is 2,000 ms).
   */
  readonly graceMs?: number;
  /** How long a first registration tries to reach the registry before it throws. Default 30,000 ms. */
  readonly connectTimeoutMs?: number;
  /** How long a long poll waits, at most 25,000 ms (R7). Default 25,000 ms. */
  readonly waitMs?: number;
  /** How long any other request may take. Default 10,000 ms. */
  readonly requestTimeoutMs?: number;
  /**
   * How many services have a long poll of their own at once. Default 64. Consul takes 200 connections of one address
   * (`limits.http_max_conns_per_client`), which the processes of a machine share. Services beyond are read when
   * something in the catalog has changed.
   */
  readonly maxPolls?: number;
  /** Told what happens in the background, for logs. */
  readonly onEvent?: (event: RegistryEvent) => void;
}

export interface ResolvedRegistryOptions {
  readonly url: string;
  /** The URL as logs and errors may show it. */
  readonly shownUrl: string;
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  /** Undefined for plain HTTP. */
  readonly tls: ResolvedTls | undefined;
  readonly datacenter: string | undefined;
  readonly failoverDatacenters: readonly string[];
  readonly graceMs: number;
  readonly connectTimeoutMs: number;
  readonly waitMs: number;
  readonly requestTimeoutMs: number;
  readonly maxPolls: number;
  readonly onEvent: (event: RegistryEvent) => void;
}

export type Environment = Readonly<Record<string, string | undefined>>;

const maxWaitMs = 25_000;

/**
 * Completes and checks the settings.
 *
 * @throws RegistryError `SAMSPEL_INVALID_CONFIGURATION` if the URL is none, a certificate cannot be read, or a
 * namespace is asked for.
 * @throws RangeError if a number is out of its bounds.
 */
export function resolveRegistryOptions(
  options: RegistryOptions = {},
  environment: Environment = process.env,
): ResolvedRegistryOptions {
  refuseEnterprise(environment);
  const scheme = environment["CONSUL_HTTP_SSL"] === "true" ? "https" : "http";
  const [source, given] =
    options.url === undefined
      ? ["CONSUL_HTTP_ADDR", environment["CONSUL_HTTP_ADDR"] || "127.0.0.1:8500"]
      : ["url", options.url];
  const url = parseUrl(source, given, scheme);
  const {
    graceMs = 10_000,
    connectTimeoutMs = 30_000,
    waitMs = maxWaitMs,
    requestTimeoutMs = 10_000,
    maxPolls = 64,
  } = options;
  checkRange("graceMs", graceMs, 0, Number.MAX_SAFE_INTEGER);
  checkRange("connectTimeoutMs", connectTimeoutMs, 0, Number.MAX_SAFE_INTEGER);
  checkRange("waitMs", waitMs, 100, maxWaitMs);
  checkRange("requestTimeoutMs", requestTimeoutMs, 1, Number.MAX_SAFE_INTEGER);
  checkRange("maxPolls", maxPolls, 1, Number.MAX_SAFE_INTEGER);
  if (options.tls !== undefined && url.protocol === "http:") {
    throw new RegistryError(
      "SAMSPEL_INVALID_CONFIGURATION",
      `Cannot use tls with ${source} as its scheme is http: begin it with https://, or leave tls out`,
    );
  }
  const path = url.pathname.replace(/\/+$/, "");
  return {
    url: url.href.replace(/[?#].*$/, "").replace(/\/+$/, ""),
    shownUrl: `${url.protocol}//${url.host}${path}`,
    ...tokenOf(options, environment),
    tls: url.protocol === "https:" ? resolveTls(options.tls ?? {}, environment) : undefined,
    datacenter: options.datacenter,
    failoverDatacenters:
      options.failoverDatacenters ?? commaList(environment["SAMSPEL_FAILOVER_DATACENTERS"] ?? ""),
    graceMs,
    connectTimeoutMs,
    waitMs,
    requestTimeoutMs,
    maxPolls,
    onEvent: tellingOnce(options.onEvent ?? (() => {})),
  };
}

function commaList(text: string): readonly string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/** An option before a variable; of the variables the file first, as Consul's own client does. */
function tokenOf(
  options: RegistryOptions,
  environment: Environment,
): Pick<ResolvedRegistryOptions, "token" | "tokenFile"> {
  if (options.token !== undefined) return { token: options.token, tokenFile: undefined };
  const tokenFile = options.tokenFile ?? (environment["CONSUL_HTTP_TOKEN_FILE"] || undefined);
  const token = environment["CONSUL_HTTP_TOKEN"] || undefined;
  return tokenFile === undefined ? { token, tokenFile } : { token: undefined, tokenFile };
}

/** Namespaces and partitions are Consul Enterprise's; to ignore the wish would register in the wrong place. */
function refuseEnterprise(environment: Environment): void {
  for (const name of ["CONSUL_NAMESPACE", "CONSUL_PARTITION"]) {
    const value = environment[name] ?? "";
    if (value === "" || value === "default") continue;
    throw new RegistryError(
      "SAMSPEL_INVALID_CONFIGURATION",
      `Cannot use ${name} "${value}" as namespaces and partitions need Consul Enterprise, which Samspel does not ` +
        `speak: unset ${name}, and keep systems apart by a Consul of their own or by ACL policies`,
    );
  }
}

/** Consul's own tools accept `host:port`; so do we. */
function parseUrl(source: string, given: string, scheme: string): URL {
  const text = given.includes("://") ? given : `${scheme}://${given}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    throw new RegistryError(
      "SAMSPEL_INVALID_CONFIGURATION",
      `Cannot use ${source} as the registry's address: it must be a URL like http://127.0.0.1:8500`,
    );
  }
  return url;
}

function checkRange(name: string, value: number, min: number, max: number): void {
  if (!(value >= min && value <= max)) {
    throw new RangeError(`Cannot use ${name} as it must be from ${min} to ${max}: current value is ${value}`);
  }
}
