// What a gateway is told, completed and checked once.
import type { Logger, Tracing } from "@samspel/runtime/proxy";
import { GatewayError } from "./gateway-error.ts";

/** Which pages in other origins may call, and how browsers are told. */
export interface CorsOptions {
  /** Origins such as `https://shop.example`, or `*` for all. */
  readonly origins: readonly string[];
  /** Whether browsers may send cookies and other credentials; not together with `*`. Default false. */
  readonly credentials?: boolean;
  /** Request headers beside those of the protocols, which are always allowed. Default none. */
  readonly headers?: readonly string[];
  /** How long browsers may remember the answer. Default 7,200 s. */
  readonly maxAgeS?: number;
}

/** How callers show who they are: by a JSON Web Token in `authorization: Bearer …`. */
export interface JwtOptions {
  /** Where the issuer publishes its keys. */
  readonly jwksUrl?: string;
  /** A file with a JWKS, or a public key in PEM; instead of `jwksUrl`. */
  readonly keyFile?: string;
  /** The signature of a PEM key. Default `RS256`. */
  readonly algorithm?: string;
  /** The `iss` that tokens must have. Default: not looked at. */
  readonly issuer?: string;
  /** One of the `aud` that tokens must have. Default: not looked at. */
  readonly audience?: string;
  /** Methods that may be called without a token: `cart.v1.CartService/GetCart`, `cart.v1.CartService/*`, `*`. Default none. */
  readonly anonymous?: readonly string[];
  /** Which claims services get beside `sub`. Default `iss`, `aud`, `scope`. */
  readonly claims?: readonly string[];
  /** How much clocks may differ. Default 5,000 ms. */
  readonly clockToleranceMs?: number;
  /**
   * Whether services get the token itself, as those need that know users by it. Without it they get its subject and
   * claims by the gateway's word alone. Default true.
   */
  readonly forward?: boolean;
}

/** A token bucket for each caller. */
export interface RateLimit {
  /** Which methods it is about, as in `anonymous`. Default `*`. */
  readonly methods?: string;
  /** Who shares a bucket: one principal (else its address), one address, or all. Default `principal`. */
  readonly by?: "principal" | "address" | "all";
  /** How many calls a second are made in the long run. */
  readonly perSecond: number;
  /** How many may come at once. Default: those of one second, 1 at least. */
  readonly burst?: number;
}

export interface GatewayOptions {
  /** Where services are found. Default `CONSUL_HTTP_ADDR`, else `http://127.0.0.1:8500`. */
  readonly registryUrl?: string;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 0: one that the system picks. */
  readonly port?: number;
  /** Its name, to the registry's CA and in the logs. Default `gateway`. */
  readonly name?: string;
  /** Whether it shows an identity to services, as `SAMSPEL_IDENTITY` says for them. Default `none`. */
  readonly identity?: "none" | "consul" | "consul-permissive";
  /** The deadline of unary calls that come without one. Default 10,000 ms. */
  readonly timeoutMs?: number;
  /** What a caller may ask for at most. Default 300,000 ms. */
  readonly maxTimeoutMs?: number;
  /** The largest message, and the largest REST body. Default 4 MiB. */
  readonly maxMessageBytes?: number;
  /** Default: pages of other origins cannot call. */
  readonly cors?: CorsOptions;
  /** Default: everybody may call what is public. */
  readonly jwt?: JwtOptions;
  /** All that match a call must have a token for it. Default none. */
  readonly rateLimits?: readonly RateLimit[];
  /** How many proxies stand before the gateway, whose `x-forwarded-for` is believed. Default 0. */
  readonly trustedProxies?: number;
  /** PEM files; read again when they change. Default: plaintext. */
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  /** Whether REST answers have fields without presence that are at their default, such as a 0. Default false, as ProtoJSON says. */
  readonly emitDefaults?: boolean;
  /** Whether `grpc.reflection` shows the files of public methods, whole: private methods in them as well. Default false. */
  readonly reflection?: boolean;
  /** A port for `/healthz`, `/readyz` and `/metrics`, on the loopback unless `adminHost` says else. Default: none. */
  readonly adminPort?: number;
  /** Default `127.0.0.1`. */
  readonly adminHost?: string;
  /** How long a close waits for calls in flight. Default 30,000 ms. */
  readonly drainMs?: number;
  /** Default: JSON lines on standard output, at `info`. */
  readonly logger?: Logger;
  /** Makes its spans. Default: by the OpenTelemetry SDK of the process, where it has one. */
  readonly tracing?: Tracing;
  /** Whether each request is a line in the log, at `info`. Default true. */
  readonly accessLog?: boolean;
}

type Defaulted =
  | "host"
  | "port"
  | "name"
  | "identity"
  | "timeoutMs"
  | "maxTimeoutMs"
  | "maxMessageBytes"
  | "rateLimits"
  | "trustedProxies"
  | "emitDefaults"
  | "reflection"
  | "adminHost"
  | "drainMs"
  | "accessLog";

export type ResolvedGatewayOptions = Omit<GatewayOptions, "logger"> &
  Required<Pick<GatewayOptions, Defaulted>>;

/** @throws GatewayError that names the option, its value and the fix. */
export function resolveGatewayOptions(options: GatewayOptions): ResolvedGatewayOptions {
  const { logger: _, ...given } = options;
  const resolved: ResolvedGatewayOptions = {
    host: "127.0.0.1",
    port: 0,
    name: "gateway",
    identity: "none",
    timeoutMs: 10_000,
    maxTimeoutMs: 300_000,
    maxMessageBytes: 4 * 1024 * 1024,
    rateLimits: [],
    trustedProxies: 0,
    emitDefaults: false,
    reflection: false,
    adminHost: "127.0.0.1",
    drainMs: 30_000,
    accessLog: true,
    ...given,
  };
  atLeast("timeoutMs", resolved.timeoutMs, 1);
  atLeast("maxTimeoutMs", resolved.maxTimeoutMs, resolved.timeoutMs);
  atLeast("maxMessageBytes", resolved.maxMessageBytes, 1);
  atLeast("trustedProxies", resolved.trustedProxies, 0);
  atLeast("drainMs", resolved.drainMs, 0);
  checkCors(resolved.cors);
  checkJwt(resolved.jwt);
  for (const { perSecond, burst } of resolved.rateLimits) {
    if (!(perSecond > 0)) refuse("rateLimits[].perSecond", perSecond, "it must be above 0");
    if (burst !== undefined) atLeast("rateLimits[].burst", burst, 1);
  }
  return resolved;
}

function checkCors(cors: CorsOptions | undefined): void {
  if (cors === undefined) return;
  for (const origin of cors.origins) {
    if (origin === "*") continue;
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      refuse("cors.origins", origin, "give scheme, host and port alone, such as https://shop.example");
    }
  }
  if (cors.credentials === true && cors.origins.includes("*")) {
    refuse("cors.origins", "*", "browsers take no credentials for *: name the origins");
  }
}

function checkJwt(jwt: JwtOptions | undefined): void {
  if (jwt === undefined) return;
  if ((jwt.jwksUrl === undefined) === (jwt.keyFile === undefined)) {
    refuse("jwt", jwt.jwksUrl, "give either jwksUrl or keyFile, as tokens cannot be verified without keys");
  }
  if (jwt.jwksUrl !== undefined && !/^https?:$/.test(URL.parse(jwt.jwksUrl)?.protocol ?? "")) {
    refuse("jwt.jwksUrl", jwt.jwksUrl, "give an http or https URL");
  }
}

function atLeast(option: string, value: number, least: number): void {
  if (!(value >= least)) refuse(option, value, `it must be ${least} at least`);
}

function refuse(option: string, value: unknown, fix: string): never {
  throw new GatewayError(`Cannot use ${option} of the gateway: ${fix}. Current value is ${String(value)}`);
}
