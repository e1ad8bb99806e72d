// How a service knows who asks: what the code says, else the environment, checked once (A1).
import type { JSONWebKeySet } from "jose";
import { invalidConfiguration } from "../errors/index.ts";

/** Whose tokens count, and what they must be. */
export interface IssuerOptions {
  /** The `iss` of its tokens, letter by letter. */
  readonly issuer: string;
  /** One of the `aud` that its tokens must have: a token for another application is none for this service. */
  readonly audience: string | readonly string[];
  /** Where it publishes its keys (a JWKS), or the keys themselves. */
  readonly jwks: string | JSONWebKeySet;
  /** The signatures that count. Default: all asymmetric ones that JOSE has; a shared secret never counts. */
  readonly algorithms?: readonly string[];
  /** How much clocks may differ. Default 5,000 ms. */
  readonly clockToleranceMs?: number;
  /** The claim that holds roles: its name, or a path such as `realm_access.roles`. Default `roles`. */
  readonly rolesClaim?: string;
  /** The claim that holds scopes. Default `scope`. */
  readonly scopesClaim?: string;
}

/** What happens to calls of methods of which no proto file says who may call them. */
export type DefaultRule = "allow" | "deny";

/** How a service knows who asks, and what it does where no rule says who may. */
export interface AuthOptions {
  /** Whose tokens are users'. Default: `SAMSPEL_AUTH_ISSUERS`, a JSON list of the same, else none. */
  readonly issuers?: readonly IssuerOptions[];
  /**
   * What happens to calls of methods that have no rule of who may call them. Default: `SAMSPEL_AUTH_DEFAULT`, else `deny`
   * where NODE_ENV is production, and `allow` elsewhere.
   */
  readonly default?: DefaultRule;
}

export interface ResolvedIssuer {
  readonly issuer: string;
  readonly audiences: readonly string[];
  /** A URL, or keys. */
  readonly jwks: URL | JSONWebKeySet;
  readonly algorithms: readonly string[];
  readonly clockToleranceMs: number;
  readonly rolesClaim: string;
  readonly scopesClaim: string;
}

export interface ResolvedAuth {
  readonly issuers: readonly ResolvedIssuer[];
  readonly default: DefaultRule;
}

/** RFC 7518, 8037 and 9864: who verifies cannot sign. */
const asymmetric: readonly string[] = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];
const issuerKeys: readonly string[] = [
  "issuer",
  "audience",
  "jwks",
  "algorithms",
  "clockToleranceMs",
  "rolesClaim",
  "scopesClaim",
];

/**
 * Settles how a service knows who asks.
 * @throws SAMSPEL_INVALID_CONFIGURATION that names the setting, its value and what it must be.
 */
export function resolveAuth(
  options: AuthOptions = {},
  environment: Readonly<Record<string, string | undefined>> = process.env,
): ResolvedAuth {
  const variable = set(environment["SAMSPEL_AUTH_ISSUERS"]);
  const given: readonly unknown[] = options.issuers ?? (variable === undefined ? [] : parseIssuers(variable));
  const setting = options.issuers === undefined ? "SAMSPEL_AUTH_ISSUERS" : "auth.issuers";
  const issuers = given.map((issuer, index) => resolveIssuer(`${setting}[${index}]`, issuer));
  const twice = issuers.find(({ issuer }, index) => issuers.findIndex((it) => it.issuer === issuer) < index);
  if (twice !== undefined) {
    throw invalidConfiguration(`${setting} must name each issuer once: ${twice.issuer} is there twice`);
  }
  const byDefault = environment["NODE_ENV"] === "production" ? "deny" : "allow";
  return {
    issuers,
    default: resolveDefault(options.default ?? set(environment["SAMSPEL_AUTH_DEFAULT"]) ?? byDefault),
  };
}

function set(value: string | undefined): string | undefined {
  return value === "" ? undefined : value;
}

function resolveDefault(value: string): DefaultRule {
  if (value === "allow" || value === "deny") return value;
  throw refuse("SAMSPEL_AUTH_DEFAULT", "allow or deny", value);
}

function parseIssuers(text: string): readonly unknown[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw refuse("SAMSPEL_AUTH_ISSUERS", "a JSON list of issuers", shortened(text));
  }
  if (Array.isArray(parsed)) return parsed;
  throw refuse("SAMSPEL_AUTH_ISSUERS", "a JSON list of issuers", shortened(text));
}

/** From code without types, and from the environment, anything may come. */
function resolveIssuer(at: string, value: unknown): ResolvedIssuer {
  if (!isRecord(value)) throw refuse(at, "an object", String(value));
  const unknown = Object.keys(value).find((key) => !issuerKeys.includes(key));
  if (unknown !== undefined) throw refuse(`A key of ${at}`, `one of ${issuerKeys.join(", ")}`, unknown);
  const { issuer, clockToleranceMs = 5_000, rolesClaim = "roles", scopesClaim = "scope" } = value;
  if (!isText(issuer)) throw refuse(`${at}.issuer`, "the iss of its tokens", shown(issuer));
  if (!isText(rolesClaim)) throw refuse(`${at}.rolesClaim`, "the name of a claim", shown(rolesClaim));
  if (!isText(scopesClaim)) throw refuse(`${at}.scopesClaim`, "the name of a claim", shown(scopesClaim));
  if (typeof clockToleranceMs !== "number" || !(clockToleranceMs >= 0 && clockToleranceMs <= 300_000)) {
    throw refuse(`${at}.clockToleranceMs`, "from 0 to 300,000 ms", shown(clockToleranceMs));
  }
  return {
    issuer,
    audiences: resolveAudiences(`${at}.audience`, value["audience"]),
    jwks: resolveKeys(`${at}.jwks`, value["jwks"]),
    algorithms: resolveAlgorithms(`${at}.algorithms`, value["algorithms"]),
    clockToleranceMs,
    rolesClaim,
    scopesClaim,
  };
}

function resolveAudiences(at: string, value: unknown): readonly string[] {
  const audiences: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (audiences.length > 0 && audiences.every(isText)) return audiences;
  throw refuse(at, "one of the aud that tokens for this service have, or a list of them", shown(value));
}

function resolveAlgorithms(at: string, value: unknown = asymmetric): readonly string[] {
  const isKnown = (name: unknown): name is string => isText(name) && asymmetric.includes(name);
  if (Array.isArray(value) && value.length > 0 && value.every(isKnown)) return value;
  throw refuse(
    at,
    `a list of ${asymmetric.join(", ")}; with a shared secret (HS256), who verifies could sign`,
    shown(value),
  );
}

function resolveKeys(at: string, value: unknown): URL | JSONWebKeySet {
  if (isText(value)) {
    const url = URL.parse(value);
    if (url !== null && /^https?:$/.test(url.protocol)) return url;
    throw refuse(at, "an https URL, or a JWKS", value);
  }
  if (!isRecord(value) || !Array.isArray(value["keys"]) || value["keys"].length === 0) {
    throw refuse(at, 'an https URL, or a JWKS, { "keys": […] }', typeof value);
  }
  for (const key of value["keys"] as readonly unknown[]) {
    // Its value stays out of the message: it may be a secret.
    if (!isRecord(key) || !isText(key["kty"]) || "d" in key || key["kty"] === "oct") {
      throw invalidConfiguration(`${at}.keys must be public keys as JWK: one of them is not`);
    }
  }
  return value as unknown as JSONWebKeySet;
}

const ownMachine = /^(localhost|.*\.localhost|127\.[\d.]+|\[::1\])$/;

/** The issuers whose keys come by plain HTTP from elsewhere: whoever is on the way can put in keys of its own. */
export function insecureKeys({ issuers }: ResolvedAuth): readonly string[] {
  return issuers.flatMap(({ jwks }) =>
    jwks instanceof URL && jwks.protocol === "http:" && !ownMachine.test(jwks.hostname) ? [jwks.href] : [],
  );
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  return shortened(typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing"));
}

function shortened(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`;
}

function refuse(setting: string, must: string, value: string): Error {
  return invalidConfiguration(`${setting} must be ${must}: current value is ${value}`);
}
