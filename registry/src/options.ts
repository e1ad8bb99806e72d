// The settings of a registry client: option, else environment, else default, else a clear throw.
import { RegistryError } from "./errors.ts";
import type { RegistryEvent } from "./events.ts";

/** How a process talks to its registry. */
export interface RegistryOptions {
  /** Where Consul's HTTP API is. Default: `CONSUL_HTTP_ADDR`, else `http://127.0.0.1:8500`. */
  readonly url?: string;
  /** The ACL token. Default: `CONSUL_HTTP_TOKEN`, else none. */
  readonly token?: string;
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
  /** Told what happens in the background, for logs. */
  readonly onEvent?: (event: RegistryEvent) => void;
}

export interface ResolvedRegistryOptions {
  readonly url: string;
  /** The URL as logs and errors may show it. */
  readonly shownUrl: string;
  readonly token: string | undefined;
  readonly graceMs: number;
  readonly connectTimeoutMs: number;
  readonly waitMs: number;
  readonly requestTimeoutMs: number;
  readonly onEvent: (event: RegistryEvent) => void;
}

const maxWaitMs = 25_000;

/**
 * Completes and checks the settings.
 *
 * @throws RegistryError `SAMSPEL_INVALID_CONFIGURATION` if the URL is none.
 * @throws RangeError if a duration is out of its bounds.
 */
export function resolveRegistryOptions(
  options: RegistryOptions = {},
  environment: Readonly<Record<string, string | undefined>> = process.env,
): ResolvedRegistryOptions {
  const [source, given] =
    options.url === undefined
      ? ["CONSUL_HTTP_ADDR", environment["CONSUL_HTTP_ADDR"] || "http://127.0.0.1:8500"]
      : ["url", options.url];
  const url = parseUrl(source, given);
  const token = options.token ?? (environment["CONSUL_HTTP_TOKEN"] || undefined);
  const {
    graceMs = 10_000,
    connectTimeoutMs = 30_000,
    waitMs = maxWaitMs,
    requestTimeoutMs = 10_000,
  } = options;
  checkRange("graceMs", graceMs, 0, Number.MAX_SAFE_INTEGER);
  checkRange("connectTimeoutMs", connectTimeoutMs, 0, Number.MAX_SAFE_INTEGER);
  checkRange("waitMs", waitMs, 100, maxWaitMs);
  checkRange("requestTimeoutMs", requestTimeoutMs, 1, Number.MAX_SAFE_INTEGER);
  const path = url.pathname.replace(/\/+$/, "");
  return {
    url: url.href.replace(/[?#].*$/, "").replace(/\/+$/, ""),
    shownUrl: `${url.protocol}//${url.host}${path}`,
    token,
    graceMs,
    connectTimeoutMs,
    waitMs,
    requestTimeoutMs,
    onEvent: options.onEvent ?? (() => {}),
  };
}

/** Consul's own tools accept `host:port`; so do we. */
function parseUrl(source: string, given: string): URL {
  const text = given.includes("://") ? given : `http://${given}`;
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
