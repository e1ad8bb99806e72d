// What verifyPeer must not be fooled by: names that look like two, chains that lead nowhere, certificates out of time.
import { generateKeyPairSync, X509Certificate, type KeyObject } from "node:crypto";
import { inspect } from "node:util";
import t from "tap";
import { signCertificate } from "../embedded/certificate.ts";
import { parseLeaf } from "./leaf.ts";
import { uriNames } from "./subject-names.ts";
import { parseTrust, verifyPeer, type Trust } from "./trust.ts";

const domain = "11111111-2222-3333-4444-555555555555.consul";
const idOf = (service: string): string => `spiffe://${domain}/ns/default/dc/dc1/svc/${service}`;
const hourMs = 3_600_000;

interface Holder {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
}

interface Wanted {
  readonly name?: string;
  readonly uris?: readonly string[];
  readonly issues?: boolean;
  readonly by?: Holder;
  readonly from?: number;
  readonly to?: number;
}

function holder({ name = "", uris = [], issues = false, by, from = -hourMs, to = hourMs }: Wanted): Holder {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const certificate = signCertificate({
    commonName: name,
    uris,
    publicKey,
    issues,
    notBefore: new Date(Date.now() + from),
    notAfter: new Date(Date.now() + to),
    issuer: by ?? { key: privateKey },
  });
  return { certificate, key: privateKey };
}

const trustOf = (...roots: readonly Holder[]): Trust => ({
  trustDomain: domain,
  roots: roots.map(({ certificate }) => certificate.toString()),
});

t.test(
  "verifyPeer() takes a chain over certificates that may issue, in whatever order they come",
  async (t) => {
    const root = holder({ name: "root", issues: true });
    const middle = holder({ name: "middle", issues: true, by: root });
    const lower = holder({ name: "lower", issues: true, by: middle });
    const leaf = holder({ uris: [idOf("orders")], by: lower });
    const chain = [leaf, middle, lower].map(({ certificate }) => certificate);
    t.equal(verifyPeer(chain, trustOf(root), { service: "orders" }).service, "orders");
    t.throws(
      () => verifyPeer(chain.slice(0, 2), trustOf(root)),
      { name: "IdentityError", reason: "untrusted" },
      "one is missing",
    );
    t.equal(verifyPeer(chain, trustOf(middle)).service, "orders", "trust may begin anywhere");
  },
);

t.test("verifyPeer() refuses what an issuer that may not issue has signed", async (t) => {
  const root = holder({ name: "root", issues: true });
  const mallory = holder({ name: "mallory", uris: [idOf("mallory")], by: root });
  const forged = holder({ uris: [idOf("orders")], by: mallory });
  const chain = [forged.certificate, mallory.certificate];
  t.throws(() => verifyPeer(chain, trustOf(root)), { name: "IdentityError", reason: "untrusted" });
});

t.test("verifyPeer() refuses a root of the same name and another key", async (t) => {
  const [root, other] = [holder({ name: "root", issues: true }), holder({ name: "root", issues: true })];
  const leaf = holder({ uris: [idOf("orders")], by: other });
  t.throws(() => verifyPeer([leaf.certificate], trustOf(root)), {
    name: "IdentityError",
    reason: "untrusted",
  });
  t.throws(() => verifyPeer([leaf.certificate, other.certificate], trustOf(root)), {
    name: "IdentityError",
    reason: "untrusted",
  });
});

t.test("verifyPeer() looks at the time of the certificate and of all that leads to the root", async (t) => {
  const root = holder({ name: "root", issues: true });
  const past = { from: -2 * hourMs, to: -1_000 };
  const over = holder({ uris: [idOf("orders")], by: root, ...past });
  t.throws(() => verifyPeer([over.certificate], trustOf(root)), { name: "IdentityError", reason: "expired" });
  const early = holder({ uris: [idOf("orders")], by: root, from: hourMs, to: 2 * hourMs });
  t.throws(() => verifyPeer([early.certificate], trustOf(root)), {
    name: "IdentityError",
    reason: "expired",
  });
  const middle = holder({ name: "middle", issues: true, by: root, ...past });
  const leaf = holder({ uris: [idOf("orders")], by: middle });
  t.throws(() => verifyPeer([leaf.certificate, middle.certificate], trustOf(root)), {
    name: "IdentityError",
    reason: "untrusted",
  });
  const oldRoot = holder({ name: "root", issues: true, ...past });
  const byOld = holder({ uris: [idOf("orders")], by: oldRoot });
  t.throws(() => verifyPeer([byOld.certificate], trustOf(oldRoot)), {
    name: "IdentityError",
    reason: "untrusted",
  });
  t.throws(() => verifyPeer([], trustOf(root)), { name: "IdentityError", reason: "no-certificate" });
});

t.test("uriNames() is not fooled by a URI that looks like two, nor by other names", async (t) => {
  const root = holder({ name: "root", issues: true });
  const one = `${idOf("mallory")}, URI:${idOf("orders")}`;
  const { certificate } = holder({ uris: [one], by: root });
  t.same(uriNames(certificate), [one]);
  t.throws(() => verifyPeer([certificate], trustOf(root)), {
    name: "IdentityError",
    reason: /path|not-spiffe/,
  });
  const quoted = `${idOf("a")}", URI:"${idOf("b")}`;
  t.same(uriNames(holder({ uris: [quoted], by: root }).certificate), [quoted]);
  t.same(uriNames(holder({ uris: [idOf("a"), idOf("b")], by: root }).certificate), [idOf("a"), idOf("b")]);
  t.same(uriNames(holder({ name: idOf("orders"), by: root }).certificate), [], "a common name is no name");
});

t.test("parseLeaf() and parseTrust() take what Consul gives, and nothing else", async (t) => {
  const root = holder({ name: "root", issues: true });
  const { certificate, key } = holder({ uris: [idOf("orders")], by: root });
  const PrivateKeyPEM = key.export({ type: "sec1", format: "pem" }).toString();
  const leaf = parseLeaf({ CertPEM: certificate.toString(), PrivateKeyPEM });
  t.equal(leaf?.privateKey, PrivateKeyPEM);
  t.equal(leaf?.spiffeId, idOf("orders"));
  const shown = [inspect(leaf, { depth: 9 }), JSON.stringify(leaf), inspect({ ...leaf })].join("");
  t.notOk(shown.includes("PRIVATE KEY"), "no log has the key");
  for (const wrong of [
    null,
    {},
    { CertPEM: "x", PrivateKeyPEM: "y" },
    { CertPEM: certificate.toString() },
    [],
  ]) {
    t.equal(parseLeaf(wrong), undefined);
  }
  const rootPem = root.certificate.toString();
  const body = { TrustDomain: domain.toUpperCase(), Roots: [{ RootCert: rootPem }, { RootCert: "x" }, null] };
  t.same(parseTrust(body), { trustDomain: domain, roots: [rootPem] });
  for (const wrong of [null, {}, { TrustDomain: domain, Roots: [] }, { Roots: [{ RootCert: rootPem }] }]) {
    t.equal(parseTrust(wrong), undefined);
  }
});
