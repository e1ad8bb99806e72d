// IDENT: who a service is, where its port is TLS.
import { once } from "node:events";
import { connect } from "node:tls";
import { failed, passed, skipped, type Check } from "../check.ts";
import { endText, isStatus, openConnection, reasonOf, statusOf } from "../grpc/index.ts";
import type { Subject } from "../subject.ts";
import { healthPath } from "./health.ts";
import { entryCheck } from "./registration.ts";

const notSecure = "its port is plaintext";

const certified = entryCheck({
  rule: "IDENT-1",
  level: "must",
  title: "its certificate says which service it is",
  after: ["REG-10"],
  async run({ Service: { Service: name } }, subject) {
    if ((await subject.transport()).transport?.type !== "tls") return skipped(notSecure);
    const { uris } = await certificateOf(subject, []);
    const [uri = ""] = uris;
    const found = /^spiffe:\/\/[^/@:?#]+\/ns\/default\/dc\/[^/]+\/svc\/([^/?#%]+)$/.exec(uri)?.[1];
    if (uris.length === 1 && found === name) return passed(uri);
    return failed(
      `the certificate has ${uris.length === 0 ? "no URI" : uris.join(", ")}`,
      `exactly one URI, spiffe://<trust domain>/ns/default/dc/<dc>/svc/${name}`,
      `serve with the leaf of /v1/agent/connect/ca/leaf/${name}`,
    );
  },
});

/** What the server shows, and whether it is of a CA, where that matters. */
async function certificateOf(
  { place, waitMs }: Subject,
  roots: readonly string[],
): Promise<{ readonly uris: readonly string[]; readonly authorized: boolean }> {
  const socket = connect({ ...place, ALPNProtocols: ["h2"], rejectUnauthorized: false, ca: [...roots] });
  try {
    await once(socket, "secureConnect", { signal: AbortSignal.timeout(waitMs) });
    const { subjectaltname = "" } = socket.getPeerCertificate();
    const uris = [...subjectaltname.matchAll(/URI:([^,]+)/g)].map(([, uri = ""]) => uri.trim());
    // Names of hosts say nothing here, so that error is none.
    const reason = String(socket.authorizationError ?? "");
    return { uris, authorized: socket.authorized || reason.includes("ALTNAME") };
  } finally {
    socket.destroy();
  }
}

const issued = entryCheck({
  rule: "IDENT-3",
  level: "must",
  title: "its certificate is of the registry's CA",
  after: ["IDENT-1"],
  async run({ Service: { Service: name } }, subject) {
    if ((await subject.transport()).transport?.type !== "tls") return skipped(notSecure);
    const roots = await subject.registry.roots();
    if (roots === undefined) return skipped("the registry has no CA");
    const { uris, authorized } = await certificateOf(subject, roots.certificates);
    const domain = uris[0]?.split("/")[2];
    if (authorized && domain === roots.trustDomain) return passed(roots.trustDomain);
    return failed(
      authorized
        ? `its trust domain is ${domain ?? "none"}`
        : "its certificate is of another CA than the registry's",
      `a chain up to the roots of /v1/agent/connect/ca/roots, and the trust domain ${roots.trustDomain}`,
      `serve with the leaf of /v1/agent/connect/ca/leaf/${name} of this registry, and change it when the roots do`,
    );
  },
});

const guarded = entryCheck({
  rule: "IDENT-2",
  level: "must",
  title: "it answers nobody without a certificate",
  after: ["REG-10"],
  async run(_entry, subject) {
    const { transport } = await subject.transport();
    if (transport?.type !== "tls") return skipped(notSecure);
    if (await servesPlaintext(subject)) {
      return failed(
        "its port takes plaintext, too",
        "TLS alone, once all callers have an identity",
        "set SAMSPEL_IDENTITY=consul in place of consul-permissive",
      );
    }
    try {
      using connection = await openConnection(subject.place, transport, {
        signal: AbortSignal.timeout(subject.waitMs),
      });
      const { end } = await connection.unary({ path: healthPath("Check"), waitMs: subject.waitMs });
      // With TLS 1.3 a refused client learns of it only when its first call is reset.
      if (end.type === "reset" || end.type === "open") return passed();
    } catch {
      return passed();
    }
    return failed(
      "a call without a client certificate was answered",
      "a client certificate is required, and looked at",
      "require and verify client certificates against the roots of /v1/agent/connect/ca/roots",
    );
  },
});

/** A port that takes TLS alone may still say so in plaintext. */
async function servesPlaintext({ place, waitMs }: Subject): Promise<boolean> {
  const signal = AbortSignal.timeout(waitMs);
  try {
    using connection = await openConnection(place, { type: "plaintext" }, { signal });
    const { end } = await connection.unary({ path: healthPath("Check"), waitMs });
    return isStatus(end, statusOf.OK);
  } catch {
    return false;
  }
}

const loopback = "127.0.0.1";

const checkable = entryCheck({
  rule: "IDENT-6",
  level: "must",
  title: "its health listener serves health, and nothing else",
  after: ["REG-10"],
  async run({ Service: { Meta } }, subject) {
    if ((await subject.transport()).transport?.type !== "tls") return skipped(notSecure);
    const port = Number(Meta["health_port"]);
    if (!Number.isInteger(port)) {
      return failed(
        "no health_port in its meta",
        "the port of a plaintext listener on the loopback: the registry's check has no certificate",
        "serve grpc.health.v1 there, and register it as the check's target and as meta health_port",
      );
    }
    if (!subject.place.host.startsWith("127.")) return skipped("it is another machine's loopback");
    const signal = AbortSignal.timeout(subject.waitMs);
    try {
      using connection = await openConnection({ host: loopback, port }, { type: "plaintext" }, { signal });
      const { waitMs } = subject;
      const health = await connection.unary({ path: healthPath("Check"), waitMs });
      const others = (await subject.listed()).names.filter((name) => !name.startsWith("grpc.health."));
      const served: string[] = [];
      for (const name of others) {
        const { end } = await connection.unary({ path: `/${name}/SamspelVerifyNoSuchMethod`, waitMs });
        if (isStatus(end, statusOf.UNIMPLEMENTED) || end.type === "reset" || end.type === "http") continue;
        served.push(name);
      }
      const reflected = await connection.unary({ path: reflectionPath, waitMs });
      if (!isStatus(reflected.end, statusOf.UNIMPLEMENTED) && reflected.end.type !== "http")
        served.push("reflection");
      if (isStatus(health.end, statusOf.OK) && served.length === 0) return passed(`${loopback}:${port}`);
      return failed(
        served.length === 0
          ? `${loopback}:${port} answers a health check with ${endText(health.end)}`
          : `${loopback}:${port} serves ${served.join(", ")} without a certificate`,
        "grpc.health.v1 alone",
        "give it a server of its own, with nothing else in it",
      );
    } catch (error) {
      return failed(
        `${loopback}:${port} does not answer: ${reasonOf(error)}`,
        "a plaintext listener on the loopback",
        "listen there before registering",
      );
    }
  },
});

const reflectionPath = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

export const identityChecks: readonly Check[] = [certified, issued, guarded, checkable];
