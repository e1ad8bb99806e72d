// Whether a certificate leads to a trusted root.
//
//   C1. Each step is the issuer's name and its signature, of a certificate that may issue and is in its time.
//   C2. What the peer sends beside its own certificate only helps to find the way: trust begins at our roots.
//
// OpenSSL has done all of that, and more, when a TLS connection stands. This is for certificates at hand: peers of open
// connections whose roots have changed, and libraries that bring no TLS of Node.
import type { X509Certificate } from "node:crypto";

const maxSteps = 8;

/** Whether `chain`, the holder's certificate first, leads to one of `roots` at the given time. */
export function leadsToRoot(
  chain: readonly X509Certificate[],
  roots: readonly X509Certificate[],
  at: number,
): boolean {
  const [holder, ...helpers] = chain;
  if (holder === undefined) return false;
  const reaches = (certificate: X509Certificate, left: number): boolean => {
    if (left === 0 || !isInTime(certificate, at)) return false;
    if (roots.some((root) => isInTime(root, at) && issued(root, certificate))) return true;
    return helpers.some(
      (helper) => helper !== certificate && issued(helper, certificate) && reaches(helper, left - 1),
    );
  };
  return reaches(holder, maxSteps);
}

/** Whether the time lies within the certificate's. */
export function isInTime(certificate: X509Certificate, at: number): boolean {
  return certificate.validFromDate.getTime() <= at && at < certificate.validToDate.getTime();
}

function issued(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}
