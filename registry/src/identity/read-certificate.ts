// Certificates as they come from elsewhere.
import { X509Certificate } from "node:crypto";

/** The first certificate of a text in PEM; undefined for what is none. */
export function readCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
