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
  return new RegistryError(
    "SAMSPEL_REGISTRY_UNREACHABLE",
    `Cannot ${what}: the registry at ${url} gives no answer (${reasonOf(cause)}). ` +
      "Start Consul or the embedded registry there, or set CONSUL_HTTP_ADDR to where one runs",
    { cause },
  );
}

/** An error for an answer other than success. */
export function refused(url: string, what: string, status: number, text: string): RegistryError {
  const answer = `the registry at ${url} answered ${status}${text === "" ? "" : `: ${text.trim().slice(0, 300)}`}`;
  if (status >= 500 || status === 429) {
    return new RegistryError("SAMSPEL_REGISTRY_UNREACHABLE", `Cannot ${what}: ${answer}`);
  }
  const fix =
    status === 401 || status === 403
      ? '. Set CONSUL_HTTP_TOKEN to a token that may do this (service:write to register, service:read and node:read to watch, key_prefix "samspel/" write for descriptors)'
      : "";
  return new RegistryError("SAMSPEL_INVALID_CONFIGURATION", `Cannot ${what}: ${answer}${fix}`);
}

/** The innermost reason of a failed `fetch`, which hides it under `cause` and sometimes under `errors`. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause !== undefined) return reasonOf(error.cause);
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return error.message;
}
