// Connect: roots, certificates and intentions, for services that prove who they are.
import { createPrivateKey, X509Certificate } from "node:crypto";
import type { Test } from "tap";
import { at, count, uniqueName, type ConsulApi } from "./consul-api.ts";

export function connectCases(t: Test, api: ConsulApi): readonly Promise<unknown>[] {
  return [
    t.test("a certificate names its service, leads to a root, and belongs to its key", async (t) => {
      const name = uniqueName("leaf");
      const roots = await api.get("/agent/connect/ca/roots");
      const domain = String(at(roots.json, "TrustDomain"));
      t.match(domain, /^[0-9a-f-]{36}\.consul$/);
      t.ok(roots.index > 0n);
      const leaf = await api.get(`/agent/connect/ca/leaf/${name}`);
      t.match(leaf.json, {
        Service: name,
        ServiceURI: `spiffe://${domain}/ns/default/dc/dc1/svc/${name}`,
        SerialNumber: String,
        PrivateKeyPEM: /^-----BEGIN EC PRIVATE KEY-----/,
      });
      t.ok(leaf.index > 0n);
      const certificate = new X509Certificate(String(at(leaf.json, "CertPEM")));
      t.equal(certificate.subjectAltName, `URI:${String(at(leaf.json, "ServiceURI"))}`);
      t.ok(certificate.checkPrivateKey(createPrivateKey(String(at(leaf.json, "PrivateKeyPEM")))));
      t.ok(new Date(String(at(leaf.json, "ValidBefore"))).getTime() > Date.now());
      const trusted = Array.from(
        { length: count(at(roots.json, "Roots")) },
        (_, index) => new X509Certificate(String(at(roots.json, "Roots", index, "RootCert"))),
      );
      t.ok(trusted.some((root) => certificate.verify(root.publicKey)));
      t.equal(
        at((await api.get(`/agent/connect/ca/leaf/${name}`)).json, "SerialNumber"),
        at(leaf.json, "SerialNumber"),
      );
    }),

    t.test("a request for a certificate that has not changed waits", async (t) => {
      const name = uniqueName("leaf");
      const { index } = await api.get(`/agent/connect/ca/leaf/${name}`);
      const startedAt = performance.now();
      await api.get(`/agent/connect/ca/leaf/${name}?index=${index}&wait=400ms`);
      t.ok(performance.now() - startedAt >= 350);
    }),

    t.test("a service that takes part by itself says so", async (t) => {
      const name = uniqueName("native");
      await api.put("/agent/service/register", { Name: name, Port: 1, Connect: { Native: true } });
      t.teardown(() => api.put(`/agent/service/deregister/${name}`));
      t.match((await api.get(`/agent/service/${name}`)).json, { Connect: { Native: true } });
      t.match((await api.get(`/health/service/${name}`)).json, [{ Service: { Connect: { Native: true } } }]);
      t.match((await api.get(`/catalog/service/${name}`)).json, [{ ServiceConnect: { Native: true } }]);
    }),

    t.test("intentions come, decide by precedence, and go", async (t) => {
      const [web, orders] = [uniqueName("web"), uniqueName("orders")];
      const exact = (source: string): string =>
        `/connect/intentions/exact?source=${source}&destination=${orders}`;
      t.teardown(() => Promise.all([web, "*"].map((source) => api.delete(exact(source)))));
      const match = `/connect/intentions/match?by=destination&name=${orders}`;
      const before = await api.get(match);
      t.same(before.json, { [orders]: null });
      t.ok(before.index > 0n);

      const woken = api.get(`${match}&index=${before.index}&wait=10s`);
      const startedAt = performance.now();
      t.match(await api.put(exact(web), { Action: "deny", Description: "why" }), { status: 200, json: true });
      t.match((await woken).json, {
        [orders]: [
          {
            SourceName: web,
            DestinationName: orders,
            SourceType: "consul",
            Action: "deny",
            Precedence: 9,
            Description: "why",
          },
        ],
      });
      t.ok(performance.now() - startedAt < 5_000, "a change wakes who waits");
      await api.put(exact("*"), { Action: "allow" });
      const both = await api.get(match);
      t.match(at(both.json, orders), [
        { SourceName: web, Precedence: 9 },
        { SourceName: "*", Precedence: 8 },
      ]);
      t.match((await api.get(exact(web))).json, { SourceName: web, Action: "deny" });
      const check = (source: string): Promise<unknown> =>
        api.get(`/connect/intentions/check?source=${source}&destination=${orders}`).then(({ json }) => json);
      t.same([await check(web), await check("other")], [{ Allowed: false }, { Allowed: true }]);

      const authorize = (source: string): Promise<unknown> =>
        api
          .post("/agent/connect/authorize", {
            Target: orders,
            ClientCertURI: `spiffe://11111111-2222-3333-4444-555555555555.consul/ns/default/dc/dc1/svc/${source}`,
            ClientCertSerial: "01",
          })
          .then(({ json }) => json);
      t.match(await authorize(web), { Authorized: false, Reason: /Precedence: 9/ });
      t.match(await authorize("other"), { Authorized: true });
      t.equal((await api.delete(exact(web))).status, 200);
      t.match(await api.get(exact(web)), { status: 404, text: /Intention not found/ });
      t.equal((await api.delete(exact(web))).status, 200, "one that is not there is no error");
      t.match(await authorize(web), { Authorized: true });
    }),

    t.test("questions about intentions that make no sense are refused by name", async (t) => {
      t.match(await api.get("/connect/intentions/match?name=orders"), { status: 500, text: /'by' not set/ });
      t.match(await api.get("/connect/intentions/match?by=destination"), {
        status: 500,
        text: /'name' not set/,
      });
      const exact = "/connect/intentions/exact?source=a&destination=b";
      t.match(await api.put(exact, { Action: "maybe" }), { status: 500, text: /'allow' or 'deny'/ });
      t.match(await api.put(exact, { Bogus: 1 }), { status: 400, text: /unknown field "Bogus"/ });
      const authorize = (body: object): Promise<unknown> => api.post("/agent/connect/authorize", body);
      t.match(await authorize({ Target: "a", ClientCertURI: "orders" }), {
        status: 400,
        text: /ClientCertURI not a valid Connect identifier/,
      });
      t.match(await authorize({ ClientCertURI: "spiffe://x.consul/ns/default/dc/dc1/svc/a" }), {
        status: 400,
        text: /Target service must be specified/,
      });
    }),
  ];
}
