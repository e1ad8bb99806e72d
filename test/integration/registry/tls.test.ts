// A real Consul that speaks TLS alone and asks for a client certificate.
import { execFile } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { request } from "node:https";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createRegistry, type RegistryOptions } from "@samspel/registry";
import t, { type Test } from "tap";
import { freePort } from "../../../devkit/src/process/index.ts";
import { consulAgent, consulCommand } from "../../support/consul-agent.ts";

const run = promisify(execFile);

interface Certificates {
  readonly ca: string;
  readonly server: string;
  readonly serverKey: string;
  readonly client: string;
  readonly clientKey: string;
}

async function makeCertificates(t: Test): Promise<Certificates> {
  const cwd = mkdtempSync(join(tmpdir(), "samspel-tls-"));
  t.teardown(() => rm(cwd, { recursive: true }));
  await run(consulCommand(), ["tls", "ca", "create"], { cwd });
  await run(consulCommand(), ["tls", "cert", "create", "-server", "-dc", "dc1"], { cwd });
  await run(consulCommand(), ["tls", "cert", "create", "-client"], { cwd });
  return {
    ca: join(cwd, "consul-agent-ca.pem"),
    server: join(cwd, "dc1-server-consul-0.pem"),
    serverKey: join(cwd, "dc1-server-consul-0-key.pem"),
    client: join(cwd, "dc1-client-consul-0.pem"),
    clientKey: join(cwd, "dc1-client-consul-0-key.pem"),
  };
}

function open(t: Test, options: RegistryOptions) {
  const registry = createRegistry({ connectTimeoutMs: 200, ...options });
  t.teardown(() => registry.close().catch(() => {}));
  return registry;
}

const registration = {
  name: "orders",
  address: "127.0.0.1",
  port: 4200,
  protoServices: ["orders.v1.OrderService"],
  check: { type: "none" },
} as const;

t.test("a registry behind TLS with client certificates", async (t) => {
  const files = await makeCertificates(t);
  const agent = await consulAgent(t, {
    name: "secured",
    httpsPort: await freePort(),
    hcl: [
      `tls { defaults { ca_file = "${files.ca}", cert_file = "${files.server}", key_file = "${files.serverKey}", verify_incoming = true } }`,
    ],
    isReady: (url) =>
      new Promise((resolve) => {
        const probe = request(`${url}/v1/status/leader`, {
          ca: readFileSync(files.ca),
          cert: readFileSync(files.client),
          key: readFileSync(files.clientKey),
        });
        probe.once("response", (answer) => {
          answer.resume();
          answer.setEncoding("utf8").once("data", (text: string) => resolve(text.length > 4));
        });
        probe.once("error", () => resolve(false)).end();
      }),
  });
  await agent.start();
  const tls = { caFile: files.ca, certFile: files.client, keyFile: files.clientKey };

  await t.test("a process with the CA and a certificate joins and finds", async (t) => {
    const registry = open(t, { url: agent.url, tls, connectTimeoutMs: 30_000 });
    const handle = await registry.register(registration);
    t.match(await registry.resolve("orders.v1.OrderService"), [{ id: handle.id }]);
    await handle.deregister();
  });

  await t.test("the certificate must have the name that is asked for", async (t) => {
    const named = open(t, {
      url: agent.url,
      tls: { ...tls, serverName: "server.dc1.consul" },
      connectTimeoutMs: 30_000,
    });
    await (await named.register(registration)).deregister();
    const wrong = open(t, { url: agent.url, tls: { ...tls, serverName: "server.dc2.consul" } });
    await t.rejects(wrong.register(registration), {
      code: "SAMSPEL_REGISTRY_UNREACHABLE",
      message: /CONSUL_TLS_SERVER_NAME/,
    });
  });

  await t.test("an unknown CA is refused, and the error names the variable", async (t) => {
    const registry = open(t, { url: agent.url, tls: { certFile: files.client, keyFile: files.clientKey } });
    await t.rejects(registry.register(registration), { message: /certificate.*Set CONSUL_CACERT/ });
  });

  await t.test("without a client certificate nothing is answered", async (t) => {
    const registry = open(t, { url: agent.url, tls: { caFile: files.ca } });
    await t.rejects(registry.register(registration), {
      code: "SAMSPEL_REGISTRY_UNREACHABLE",
      message: /CONSUL_CLIENT_CERT/,
    });
  });

  await t.test("files that are missing or no PEM are refused before anything is sent", async (t) => {
    t.throws(() => createRegistry({ url: agent.url, tls: { caFile: "/nowhere.pem" } }), {
      code: "SAMSPEL_INVALID_CONFIGURATION",
      message: /Cannot read tls.caFile "\/nowhere.pem"/,
    });
    t.throws(() => createRegistry({ url: agent.url, tls: { caFile: import.meta.filename } }), {
      message: /holds no PEM/,
    });
    t.throws(() => createRegistry({ url: agent.url, tls: { certFile: files.client } }), {
      message: /both CONSUL_CLIENT_CERT and CONSUL_CLIENT_KEY/,
    });
  });
});
