// How an instance is called: in plaintext, by TLS as the web does it, or with the identities of both sides. Invariants:
//   X1. Who has an identity never calls in plaintext an instance that asks for TLS, and, unless it is permissive, no
//       other one either: a registry entry could be anybody's.
//   X2. The instance must show a certificate of the service that the registry says it is of. Host names say nothing.
import { X509Certificate } from "node:crypto";
import type { SecureClientSessionOptions } from "node:http2";
import type { DetailedPeerCertificate, PeerCertificate } from "node:tls";
import { IdentityError, type Identity } from "@samspel/registry";
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

/** What a connection to an instance of `service` begins with; leaf and roots are those of the moment it begins. */
export function sessionOptions(identity: Identity, service: string): SecureClientSessionOptions {
  return {
    get cert() {
      return identity.leaf.certificates;
    },
    get key() {
      return identity.leaf.privateKey;
    },
    get ca() {
      return [...identity.roots];
    },
    minVersion: "TLSv1.2",
    rejectUnauthorized: true,
    checkServerIdentity: (_, certificate) => refusal(identity, service, certificate),
  };
}

/** Node's hook: the error to end the handshake with, if any. */
function refusal(identity: Identity, service: string, certificate: PeerCertificate): Error | undefined {
  try {
    if (identity.isExpired) {
      throw new IdentityError(
        "expired",
        `the certificate of this service, ${identity.spiffeId}, is over: the registry has given no new one`,
      );
    }
    identity.verifyPeer(chainOf(certificate), { service });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** The certificates that a server showed, its own first. */
function chainOf(certificate: PeerCertificate | DetailedPeerCertificate): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  const seen = new Set<object>();
  let it: PeerCertificate | DetailedPeerCertificate | undefined = certificate;
  while (it?.raw !== undefined && !seen.has(it)) {
    seen.add(it);
    chain.push(new X509Certificate(it.raw));
    it = "issuerCertificate" in it ? it.issuerCertificate : undefined;
  }
  return chain;
}
