// One's own certificate, made by the registry's CA for a service that one may be.
//
//   L1. The private key is in no log: it is not enumerable, so that neither `inspect` nor JSON shows it.
import { asRecord, asString } from "../consul/index.ts";
import { readCertificate } from "./read-certificate.ts";
import { uriNames } from "./subject-names.ts";

/** A certificate and its key. */
export interface Leaf {
  /** Its holder, as a SPIFFE id. */
  readonly spiffeId: string;
  /** In PEM: one's own certificate first, then what leads to the roots. */
  readonly certificates: string;
  /** In PEM. */
  readonly privateKey: string;
  /** In hexadecimal. */
  readonly serial: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Reads `/v1/agent/connect/ca/leaf/<service>`; undefined for an answer without a certificate, a key or a name. */
export function parseLeaf(body: unknown): Leaf | undefined {
  const { CertPEM, PrivateKeyPEM } = asRecord(body);
  const certificates = asString(CertPEM);
  const privateKey = asString(PrivateKeyPEM);
  if (certificates === "" || privateKey === "") return undefined;
  // Reads the first one, which is the leaf.
  const certificate = readCertificate(certificates);
  const [spiffeId] = certificate === undefined ? [] : uriNames(certificate);
  if (certificate === undefined || spiffeId === undefined) return undefined;
  const leaf: Leaf = {
    spiffeId,
    certificates,
    privateKey,
    serial: certificate.serialNumber,
    notBefore: certificate.validFromDate,
    notAfter: certificate.validToDate,
  };
  return Object.defineProperty(leaf, "privateKey", { enumerable: false });
}
