// A registry's CA in the hands of a test: its root is replaced by one whose key the test has, so that it can sign what no
// registry would. Beside it, what is needed to show such a certificate.
import assert from "node:assert/strict";
import { generateKeyPairSync, X509Certificate, type KeyObject } from "node:crypto";
import { eventually } from "./eventually.ts";
import { signCertificate } from "../../registry/src/embedded/certificate.ts";

/** A certificate and its key, in PEM. */
export interface Shown {
  readonly cert: string;
  readonly key: string;
}

export interface ForgedCertificate {
  readonly uris: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

export interface TestCa {
  readonly rootCert: string;
  readonly rootKey: string;
  /** Signs whatever is asked of it. */
  sign(wanted: ForgedCertificate): Shown;
}

const hourMs = 3_600_000;

/** A root of a trust domain, known to nobody yet. */
export function createTestCa(trustDomain: string): TestCa {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const root = signCertificate({
    commonName: "test root",
    uris: [`spiffe://${trustDomain}`],
    publicKey,
    issues: true,
    notBefore: new Date(Date.now() - hourMs),
    notAfter: new Date(Date.now() + 1_000 * hourMs),
    issuer: { key: privateKey },
  });
  return {
    rootCert: root.toString(),
    rootKey: pemOf(privateKey),
    sign(wanted) {
      const keys = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
      return {
        cert: forge(wanted, keys.publicKey, { certificate: root, key: privateKey }),
        key: pemOf(keys.privateKey),
      };
    },
  };
}

/** A certificate that only its holder vouches for. */
export function selfSigned(wanted: ForgedCertificate): Shown {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  return { cert: forge(wanted, publicKey, { key: privateKey }), key: pemOf(privateKey) };
}

function forge(
  { uris, notBefore, notAfter }: ForgedCertificate,
  publicKey: KeyObject,
  issuer: { readonly certificate?: X509Certificate; readonly key: KeyObject },
): string {
  return signCertificate({
    commonName: "",
    uris,
    publicKey,
    issues: false,
    notBefore: notBefore ?? new Date(Date.now() - hourMs),
    notAfter: notAfter ?? new Date(Date.now() + hourMs),
    issuer,
  }).toString();
}

const pemOf = (key: KeyObject): string => key.export({ type: "sec1", format: "pem" }).toString();

interface Roots {
  readonly TrustDomain: string;
  readonly Roots: readonly { readonly RootCert: string; readonly Active: boolean }[];
}

export async function rootsOf(url: string): Promise<Roots> {
  return (await (await fetch(`${url}/v1/agent/connect/ca/roots`)).json()) as Roots;
}

/** The certificate that the registry gives a service. */
export async function leafOf(url: string, service: string): Promise<Shown> {
  const { CertPEM, PrivateKeyPEM } = (await (
    await fetch(`${url}/v1/agent/connect/ca/leaf/${service}`)
  ).json()) as { readonly CertPEM: string; readonly PrivateKeyPEM: string };
  return { cert: CertPEM, key: PrivateKeyPEM };
}

/** Makes the registry sign with a root of the test's from now on. */
export async function takeOverCa(url: string): Promise<TestCa> {
  const { TrustDomain } = await rootsOf(url);
  const ca = createTestCa(TrustDomain);
  const answer = await fetch(`${url}/v1/connect/ca/configuration`, {
    method: "PUT",
    body: JSON.stringify({
      Provider: "consul",
      Config: { PrivateKey: ca.rootKey, RootCert: ca.rootCert, LeafCertTTL: "72h" },
    }),
  });
  assert.equal(answer.status, 200, await answer.text());
  await eventually("the root is another", async () => {
    const { Roots } = await rootsOf(url);
    const active = Roots.find(({ Active }) => Active)?.RootCert ?? "";
    assert.equal(new X509Certificate(active).fingerprint256, new X509Certificate(ca.rootCert).fingerprint256);
  });
  return ca;
}

/** Sets or deletes an intention; `permissions` are those of L7. */
export async function intend(
  url: string,
  source: string,
  destination: string,
  action: "allow" | "deny" | "permissions" | "none",
): Promise<void> {
  const at = `${url}/v1/connect/intentions/exact?source=${source}&destination=${destination}`;
  const body =
    action === "permissions"
      ? { Permissions: [{ Action: "allow", HTTP: { PathPrefix: "/" } }] }
      : { Action: action };
  const answer = await fetch(
    at,
    action === "none" ? { method: "DELETE" } : { method: "PUT", body: JSON.stringify(body) },
  );
  assert.equal(answer.status, 200, await answer.text());
}
