// Why somebody's identity cannot be accepted.

/** What is wrong with a peer's certificate, or with one's own. */
export type IdentityRefusal =
  /** The peer showed none. */
  | "no-certificate"
  /** It leads to no root that the registry has. */
  | "untrusted"
  /** It is over, or does not hold yet. */
  | "expired"
  /** It names nobody: there must be exactly one URI. */
  | "no-uri"
  /** It names more than one. */
  | "several-uris"
  /** Its URI is no SPIFFE id. */
  | "not-spiffe"
  /** Its SPIFFE id is no service's. */
  | "path"
  /** It is of another system. */
  | "trust-domain"
  /** It is of a datacenter that is not accepted here. */
  | "datacenter"
  /** It is of another service than the registry says. */
  | "service";

const brand: symbol = Symbol.for("samspel.IdentityError");

/** A peer's identity, or one's own, that cannot be accepted; `instanceof` works across copies of this package. */
export class IdentityError extends Error {
  override readonly name: string = "IdentityError";
  readonly reason: IdentityRefusal;

  constructor(reason: IdentityRefusal, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
    Object.defineProperty(this, brand, { value: true });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && brand in value;
  }
}
