// IDENT: who a service is, where its port is TLS.
import { once } from "node:events";
import { connect } from "node:tls";
import { failed, passed, skipped, type Check } from "../check.ts";
import { openConnection } from "../grpc/index.ts";
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
    const uris = await uriNames(subject);
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

async function uriNames({ place, waitMs }: Subject): Promise<readonly string[]> {
  const socket = connect({ ...place, ALPNProtocols: ["h2"], rejectUnauthorized: false });
  try {
    await once(socket, "secureConnect", { signal: AbortSignal.timeout(waitMs) });
    const { subjectaltname = "" } = socket.getPeerCertificate();
    return [...subjectaltname.matchAll(/URI:([^,]+)/g)].map(([, uri = ""]) => uri.trim());
  } finally {
    socket.destroy();
  }
}

const guarded = entryCheck({
  rule: "IDENT-2",
  level: "must",
  title: "it answers nobody without a certificate",
  after: ["REG-10"],
  async run(_entry, subject) {
    const { transport } = await subject.transport();
    if (transport?.type !== "tls") return skipped(notSecure);
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

export const identityChecks: readonly Check[] = [certified, guarded];
