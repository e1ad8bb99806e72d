// The certificate authority of the embedded registry: what Consul's built-in provider does, in memory.
//
//   A1. After a rotation the former roots stay trusted, and leafs bring the new root signed by the former one: a peer
//       that has not heard of the new root yet knows them all the same.
import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  randomBytes,
  randomUUID,
  X509Certificate,
  type KeyObject,
} from "node:crypto";
import { signCertificate } from "./certificate.ts";
import { datacenter } from "./node.ts";

const rootTtlMs = 10 * 365 * 24 * 60 * 60 * 1_000;
/** Clocks of peers may be behind. */
const backdatedMs = 60_000;

export interface Root {
  readonly id: string;
  readonly keyId: string;
  readonly certificate: X509Certificate;
}

export interface SignedLeaf {
  /** In PEM, its own first. */
  readonly certificates: string;
  readonly privateKey: string;
  readonly serial: string;
  readonly uri: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export interface ConnectCa {
  readonly trustDomain: string;
  /** The one that signs first. */
  readonly roots: readonly Root[];
  sign(service: string, ttlMs: number): SignedLeaf;
  /** Signs with another root from now on: the given one, in PEM, or a new one. */
  rotate(given?: { readonly privateKey: string; readonly rootCert: string }): void;
}

interface Signer {
  readonly key: KeyObject;
  readonly root: Root;
  /** The former root's word for this one (A1). */
  readonly crossSigned: X509Certificate | undefined;
}

export function createConnectCa(): ConnectCa {
  const trustDomain = `${randomUUID()}.consul`;
  let active = newRoot(trustDomain);
  const former: Root[] = [];
  return {
    trustDomain,
    get roots() {
      return [active.root, ...former];
    },
    sign: (service, ttlMs) => signLeaf(active, trustDomain, service, ttlMs),
    rotate(given) {
      const next = given === undefined ? newRoot(trustDomain) : givenRoot(given);
      former.unshift(active.root);
      active = { ...next, crossSigned: crossSign(next.root.certificate, active) };
    },
  };
}

function newRoot(trustDomain: string): Signer {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const certificate = signCertificate({
    commonName: `pri-${randomBytes(4).toString("hex")}.consul.ca.${trustDomain.slice(0, 8)}.consul`,
    uris: [`spiffe://${trustDomain}`],
    publicKey,
    issues: true,
    ...validFor(rootTtlMs),
    issuer: { key: privateKey },
  });
  return { key: privateKey, root: rootOf(certificate), crossSigned: undefined };
}

/** @throws Error when one of the two is not what it must be, or they do not belong together. */
function givenRoot(given: { readonly privateKey: string; readonly rootCert: string }): Signer {
  const key = createPrivateKey(given.privateKey);
  const certificate = new X509Certificate(given.rootCert);
  if (!certificate.checkPrivateKey(key))
    throw new Error("the private key is not that of the root certificate");
  return { key, root: rootOf(certificate), crossSigned: undefined };
}

function crossSign(next: X509Certificate, by: Signer): X509Certificate {
  return signCertificate({
    commonName: "",
    uris: [],
    publicKey: next.publicKey,
    like: next,
    issues: true,
    notBefore: new Date(Date.now() - backdatedMs),
    notAfter: by.root.certificate.validToDate,
    issuer: { certificate: by.root.certificate, key: by.key },
  });
}

function signLeaf(by: Signer, trustDomain: string, service: string, ttlMs: number): SignedLeaf {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const uri = `spiffe://${trustDomain}/ns/default/dc/${datacenter}/svc/${service}`;
  const certificate = signCertificate({
    commonName: "",
    uris: [uri],
    publicKey,
    issues: false,
    ...validFor(ttlMs),
    issuer: { certificate: by.root.certificate, key: by.key },
  });
  return {
    certificates: [certificate, ...(by.crossSigned === undefined ? [] : [by.crossSigned])].join(""),
    // As Consul writes it.
    privateKey: privateKey.export({ type: "sec1", format: "pem" }).toString(),
    serial: certificate.serialNumber,
    uri,
    notBefore: certificate.validFromDate,
    notAfter: certificate.validToDate,
  };
}

function validFor(ttlMs: number): { readonly notBefore: Date; readonly notAfter: Date } {
  return { notBefore: new Date(Date.now() - backdatedMs), notAfter: new Date(Date.now() + ttlMs) };
}

function rootOf(certificate: X509Certificate): Root {
  return {
    id: certificate.fingerprint.toLowerCase(),
    keyId: createHash("sha256")
      .update(certificate.publicKey.export({ type: "spki", format: "der" }))
      .digest("hex"),
    certificate,
  };
}
