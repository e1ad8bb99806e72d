// A real Consul that denies by default, with the least rights that docs/operations/consul.md gives: what they allow,
// and what one sees without them.
import { randomUUID } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRegistry, type RegistryEvent, type RegistryOptions } from "@samspel/registry";
import assert from "node:assert/strict";
import t, { type Test } from "tap";
import { consulAgent } from "../../support/consul-agent.ts";
import { eventually } from "../../support/eventually.ts";

const protoService = "orders.v1.OrderService";
const registration = {
  name: "orders",
  address: "127.0.0.1",
  port: 4100,
  protoServices: [protoService],
  check: { type: "ttl", ttlMs: 3_000 },
} as const;

/** What a service named orders needs, and no more. */
const policy = `
service "orders" { policy = "write" }
service_prefix "" { policy = "read" }
node_prefix "" { policy = "read" }
`;

async function startGuardedConsul(t: Test) {
  const root = randomUUID();
  const agent = await consulAgent(t, {
    name: "guarded",
    hcl: [
      `acl { enabled = true, default_policy = "deny", tokens { initial_management = "${root}", agent = "${root}" } }`,
    ],
    // The catalog is there once the agent may write itself into it.
    isReady: async (url) => {
      const response = await fetch(`${url}/v1/catalog/node/guarded`, { headers: { "x-consul-token": root } });
      return response.ok && (await response.json()) !== null;
    },
  });
  await agent.start();
  const call = async (method: string, path: string, body?: object): Promise<Record<string, unknown>> => {
    const response = await fetch(`${agent.url}/v1${path}`, {
      method,
      headers: { "x-consul-token": root },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    assert.ok(response.ok, `${method} ${path}: ${response.status}`);
    return Object(await response.json());
  };
  await call("PUT", "/acl/policy", { Name: "orders", Rules: policy });
  return {
    url: agent.url,
    async newToken(): Promise<{ readonly secret: string; revoke(): Promise<unknown> }> {
      const { SecretID, AccessorID } = await call("PUT", "/acl/token", { Policies: [{ Name: "orders" }] });
      return { secret: String(SecretID), revoke: () => call("DELETE", `/acl/token/${String(AccessorID)}`) };
    },
  };
}

function open(t: Test, options: RegistryOptions) {
  const events: RegistryEvent[] = [];
  const registry = createRegistry({
    ...options,
    graceMs: 100,
    waitMs: 1_000,
    connectTimeoutMs: 5_000,
    onEvent: (event) => events.push(event),
  });
  t.teardown(() => registry.close().catch(() => {}));
  return { registry, events };
}

t.test("a registry that denies by default", async (t) => {
  const consul = await startGuardedConsul(t);
  const { secret } = await consul.newToken();

  await t.test("the least rights are enough to join, to be maintained and to find", async (t) => {
    const { registry } = open(t, { url: consul.url, token: secret });
    const handle = await registry.register(registration);
    t.match(await registry.resolve(protoService), [{ id: handle.id }]);
    using watch = registry.watch(protoService);
    await handle.beginMaintenance("a new disk");
    await eventually("it is out of sight", () => assert.equal(watch.current.length, 0));
    await handle.endMaintenance();
    await eventually("it is back", () => assert.equal(watch.current.length, 1));
    await handle.deregister();
  });

  await t.test("another name is refused at once, and the error says what would allow it", async (t) => {
    const { registry } = open(t, { url: consul.url, token: secret });
    await t.rejects(registry.register({ ...registration, name: "billing" }), {
      code: "SAMSPEL_INVALID_CONFIGURATION",
      message: /^Cannot register billing-127-0-0-1-4100: .* answered 403.*CONSUL_HTTP_TOKEN.*service:write/,
    });
  });

  await t.test(
    "without a token a watch says that all is hidden from it, and does not say that there is nobody",
    async (t) => {
      const joined = open(t, { url: consul.url, token: secret });
      await joined.registry.register(registration);
      const { registry } = open(t, { url: consul.url, token: "" });
      using watch = registry.watch(protoService);
      await eventually("it knows why", () => {
        assert.equal(watch.status.type, "unreachable");
        assert.match(String(Object(watch.status).error), /hides it from this token.*service:read/);
      });
      await t.rejects(registry.register(registration), { message: /answered 403.*CONSUL_HTTP_TOKEN/ });
    },
  );

  await t.test(
    "a token that is revoked takes no instance away, and a new one in its file mends all",
    async (t) => {
      const folder = mkdtempSync(join(tmpdir(), "samspel-token-"));
      t.teardown(() => rm(folder, { recursive: true }));
      const tokenFile = join(folder, "token");
      const old = await consul.newToken();
      writeFileSync(tokenFile, `${old.secret}\n`);
      const { registry, events } = open(t, { url: consul.url, tokenFile });
      const handle = await registry.register({
        ...registration,
        port: 4101,
        // Its heartbeats fail as well, without the token: that is not what is tried here.
        check: { type: "ttl", ttlMs: 120_000 },
      });
      using watch = registry.watch(protoService);
      await eventually("it is seen", () => assert.ok(watch.current.some(({ id }) => id === handle.id)));
      await old.revoke();
      await eventually("the watch has lost the registry", () =>
        assert.equal(watch.status.type, "unreachable"),
      );
      t.ok(
        watch.current.some(({ id }) => id === handle.id),
        "the last good set stays",
      );
      const next = await consul.newToken();
      // As a secret that is renewed by renaming.
      writeFileSync(`${tokenFile}.new`, next.secret);
      await rename(`${tokenFile}.new`, tokenFile);
      await eventually("the watch is live again", () => {
        assert.equal(watch.status.type, "live");
        assert.ok(events.some(({ type }) => type === "recovered"));
      });
      await rm(tokenFile);
      await eventually("a file that is gone is told by name", () => {
        const told = events.flatMap((event) => (event.type === "unreachable" ? [event.error.message] : []));
        assert.ok(
          told.some((message) => message.includes(`names ${tokenFile}`)),
          told.join("\n"),
        );
      });
      writeFileSync(tokenFile, next.secret);
      await handle.deregister();
      t.notMatch(JSON.stringify(events), old.secret, "no event shows a token");
    },
  );
});
