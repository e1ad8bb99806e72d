// What a caller of the registry may have to handle. An error names the registry (without credentials),
// what failed, and the fix.

/**
 * `SAMSPEL_REGISTRY_UNREACHABLE`: no useful answer came; the same request may succeed later.
 * `SAMSPEL_INVALID_CONFIGURATION`: the registry understood and refused, or a setting is wrong; a retry changes nothing.
 */
export type RegistryErrorCode = "SAMSPEL_REGISTRY_UNREACHABLE" | "SAMSPEL_INVALID_CONFIGURATION";

const brand: symbol = Symbol.for("samspel.RegistryError");

/** Why a request to the registry failed; `instanceof` works across copies of this package. */
export class RegistryError extends Error {
  override readonly name: string = "RegistryError";
  readonly code: RegistryErrorCode;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;

  constructor(code: RegistryErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.retryable = code === "SAMSPEL_REGISTRY_UNREACHABLE";
    Object.defineProperty(this, brand, { value: true });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && brand in value;
  }
}

/** An error for a request that got no answer. */
export function unreachable(url: string, what: string, cause: unknown): RegistryError {
  const fix = fixOf(cause);
  return new RegistryError(
    "SAMSPEL_REGISTRY_UNREACHABLE",
    `Cannot ${what}: the registry at ${url} gives no answer (${reasonOf(cause)}). ${fix}`,
    { cause },
  );
}

/** An error for an answer that Consul would not give: a proxy's page, a list where a map belongs. */
export function notConsul(url: string, what: string, instead: string): RegistryError {
  return new RegistryError(
    "SAMSPEL_REGISTRY_UNREACHABLE",
    `Cannot ${what}: what answers at ${url} gave ${instead}, as Consul would not. Set CONSUL_HTTP_ADDR to Consul ` +
      "itself, or look at the proxy in between",
  );
}

/** An error for a thing that the registry does not have. */
export function notThere(url: string, what: string): RegistryError {
  return refused(url, what, 404, "");
}

const tokenFix =
  '. Set CONSUL_HTTP_TOKEN to a token that may do this (service:write to register, service:read and node:read to watch, key_prefix "samspel/" write for descriptors)';

/** An error for an answer other than success. */
export function refused(url: string, what: string, status: number, text: string): RegistryError {
  const answer = `the registry at ${url} answered ${status}${text === "" ? "" : `: ${text.trim().slice(0, 300)}`}`;
  if (status === 429) {
    return new RegistryError(
      "SAMSPEL_REGISTRY_UNREACHABLE",
      `Cannot ${what}: ${answer}. Raise limits.http_max_conns_per_client of the Consul agent, or lower maxPolls`,
    );
  }
  if (status >= 500 || status === 408) {
    return new RegistryError("SAMSPEL_REGISTRY_UNREACHABLE", `Cannot ${what}: ${answer}`);
  }
  const fix = status === 401 || status === 403 ? tokenFix : "";
  return new RegistryError("SAMSPEL_INVALID_CONFIGURATION", `Cannot ${what}: ${answer}${fix}`);
}

/** An error for an answer that is empty as the token may not see what is there. */
export function hidden(url: string, what: string): RegistryError {
  return new RegistryError(
    "SAMSPEL_INVALID_CONFIGURATION",
    `Cannot ${what}: the registry at ${url} hides it from this token${tokenFix}`,
  );
}

/** What helps against a failure to connect, by Node's code for it. */
function fixOf(cause: unknown): string {
  const code = typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : "";
  if (/^ERR_SSL_.*ALERT/.test(code)) {
    return "It refuses the certificate of this process or asks for one: set CONSUL_CLIENT_CERT and CONSUL_CLIENT_KEY";
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code)) {
    return (
      "Set CONSUL_CACERT to the certificate that signed the registry's, and CONSUL_TLS_SERVER_NAME to its name where " +
      "that is not the URL's host"
    );
  }
  return "Start Consul or the embedded registry there, or set CONSUL_HTTP_ADDR to where one runs";
}

/** The innermost reason of a failure, which may hide under `cause` or `errors`. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return error.message;
}
