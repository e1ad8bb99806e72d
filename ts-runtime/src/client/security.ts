// How an instance is called: in plaintext, by TLS as the web does it, or with the identities of both sides. Invariants:
//   X1. Who has an identity never calls in plaintext an instance that asks for TLS, and, unless it is permissive, no
//       other one either: a registry entry could be anybody's.
//   X2. The instance must show a certificate of the service that the registry says it is of. Host names say nothing.
import type { Identity } from "@samspel/registry";
import type { Target } from "./instance-source.ts";

/** A caller's own identity. */
export interface ClientIdentity {
  readonly identity: Identity;
  /** `permissive` calls instances in plaintext, too, where they take nothing else. */
  readonly mode: "strict" | "permissive";
}

export type Security =
  | { readonly type: "plaintext" }
  /** By TLS with the roots of the machine, as a service behind a TLS proxy has it. */
  | { readonly type: "web-tls" }
  | { readonly type: "identity"; readonly identity: Identity; readonly service: string }
  /** It may not be called (X1); for messages, why. */
  | { readonly type: "refused"; readonly why: string };

/** How a target is to be called. */
export function securityOf(target: Target, own: ClientIdentity | undefined): Security {
  const { service, meta } = target;
  const isSecure = meta["secure"] === "true";
  if (own === undefined) return { type: isSecure ? "web-tls" : "plaintext" };
  if (isSecure || meta["mtls"] === "optional") {
    return service === undefined
      ? { type: "refused", why: "the registry does not say which service it is of" }
      : { type: "identity", identity: own.identity, service };
  }
  if (own.mode === "permissive") return { type: "plaintext" };
  return {
    type: "refused",
    why: "it is called in plaintext, and this service has an identity (SAMSPEL_IDENTITY)",
  };
}
