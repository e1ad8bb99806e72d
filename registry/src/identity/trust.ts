// Whom the registry's CA vouches for: its roots and its trust domain, and what a peer must show.
import { X509Certificate } from "node:crypto";
import { asArray, asRecord, asString } from "../consul/index.ts";
import { isInTime, leadsToRoot } from "./chain.ts";
import { IdentityError } from "./identity-error.ts";
import { readCertificate } from "./read-certificate.ts";
import { identifyPeer, type PeerExpectation, type SpiffeId } from "./spiffe.ts";
import { uriNames } from "./subject-names.ts";

/** The registry's roots of trust. */
export interface Trust {
  /** In lower case, such as `11111111-2222-3333-4444-555555555555.consul`. */
  readonly trustDomain: string;
  /** The root certificates in PEM; during a rotation there are more than one. */
  readonly roots: readonly string[];
}

/**
 * Who a peer is, by its certificates, its own first: its chain must lead to a root, its time must be now, and it must
 * have exactly one URI, which is a SPIFFE id of the trust domain.
 *
 * @throws IdentityError that says what is wrong.
 */
export function verifyPeer(
  chain: readonly X509Certificate[],
  trust: Trust,
  expectation: PeerExpectation = {},
): SpiffeId {
  const [certificate] = chain;
  if (certificate === undefined) {
    throw new IdentityError("no-certificate", "the peer showed no certificate");
  }
  const now = Date.now();
  if (!isInTime(certificate, now)) {
    throw new IdentityError(
      "expired",
      `the peer's certificate must be valid now: it is from ${certificate.validFrom} to ${certificate.validTo}`,
    );
  }
  const roots = trust.roots.map((pem) => new X509Certificate(pem));
  if (!leadsToRoot(chain, roots, now)) {
    throw new IdentityError("untrusted", "the peer's certificate leads to no root of the registry's CA");
  }
  return identifyPeer(uriNames(certificate), trust.trustDomain, expectation);
}

/** Reads `/v1/agent/connect/ca/roots`; undefined for an answer without a trust domain or roots. */
export function parseTrust(body: unknown): Trust | undefined {
  const trustDomain = asString(asRecord(body)["TrustDomain"]).toLowerCase();
  const roots = asArray(asRecord(body)["Roots"])
    .map((root) => asString(asRecord(root)["RootCert"]))
    .filter((pem) => readCertificate(pem) !== undefined);
  return trustDomain === "" || roots.length === 0 ? undefined : { trustDomain, roots };
}
