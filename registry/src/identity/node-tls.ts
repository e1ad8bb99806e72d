// An identity in Node's TLS: what a client shows and asks for, and the certificates that a peer showed.
import { X509Certificate } from "node:crypto";
import type { ConnectionOptions, DetailedPeerCertificate, PeerCertificate } from "node:tls";
import type { Identity } from "./identity.ts";
import { IdentityError } from "./identity-error.ts";

/** What `tls.connect`, `https.request` and `http2.connect` take. */
export type ClientTls = Pick<
  ConnectionOptions,
  "cert" | "key" | "ca" | "minVersion" | "rejectUnauthorized" | "checkServerIdentity"
>;

/**
 * The options of a TLS client that shows who it is and takes no other server than an instance of `service`. Leaf and
 * roots are read when a connection begins, so the same options hold after a rotation. The host's name says nothing. An
 * `https.Agent` needs `maxCachedSessions: 0` beside it: Node does not ask who the server is when it resumes a session.
 */
export function clientTls(identity: Identity, service: string): ClientTls {
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
    identity.verifyPeer(peerChain(certificate), { service });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** The certificates that a peer showed, its own first: of what `getPeerCertificate(true)` gives. */
export function peerChain(
  certificate: PeerCertificate | DetailedPeerCertificate,
): readonly X509Certificate[] {
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
