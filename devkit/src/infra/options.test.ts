import { chmodSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { isRecent } from "./binary.ts";
import { normalizeUrl } from "./given-part.ts";
import { readInfo } from "./nats-answers.ts";
import { resolveInfraOptions } from "./options.ts";
import { postmasterOf } from "./postmaster.ts";
import { canReach, parsePasswd } from "./system-user.ts";

t.test("resolveInfraOptions() takes parts from the environment, under the names it is told", async (t) => {
  const environment = { NATS_URL: "nats://a:1", TEST_NATS_URL: "nats://b:2", DATABASE_URL: "" };
  t.strictSame(resolveInfraOptions({ dataDir: "d" }, environment).given, {
    nats: { url: "nats://a:1", variable: "NATS_URL" },
  });
  const variables = { postgres: "TEST_DATABASE_URL", nats: "TEST_NATS_URL", registry: "TEST_CONSUL_URL" };
  t.strictSame(resolveInfraOptions({ dataDir: "d", variables }, environment).given, {
    nats: { url: "nats://b:2", variable: "TEST_NATS_URL" },
  });
});

const cacheOf = (environment: Record<string, string>, cacheDir?: string): string =>
  resolveInfraOptions({ dataDir: "d", ...(cacheDir === undefined ? {} : { cacheDir }) }, environment)
    .cacheDir;

t.test("resolveInfraOptions() finds the cache: option, else environment, else home", async (t) => {
  const both = { SAMSPEL_CACHE_DIR: "/own", XDG_CACHE_HOME: "/xdg" };
  t.equal(cacheOf(both, "/option"), "/option");
  t.equal(cacheOf(both), "/own");
  t.equal(cacheOf({ XDG_CACHE_HOME: "/xdg" }), "/xdg/samspel");
  t.equal(cacheOf({}), join(homedir(), ".cache/samspel"));
});

t.test("resolveInfraOptions() names setting and value when a port is none", async (t) => {
  t.throws(() => resolveInfraOptions({ dataDir: "d", ports: { nats: 70_000 } }, {}), {
    message: "Cannot start infra as ports.nats must be 1 to 65535: current value is 70000",
  });
});

t.test("normalizeUrl() adds a scheme when Consul's address has none", async (t) => {
  t.equal(normalizeUrl("registry", "127.0.0.1:8500"), "http://127.0.0.1:8500");
  t.equal(normalizeUrl("registry", "https://c/"), "https://c");
  t.equal(normalizeUrl("nats", "h:1"), "h:1");
});

t.test("readInfo() refuses when it is no NATS, or JetStream is off", async (t) => {
  t.equal(readInfo('INFO {"jetstream":true}').type, "ready");
  t.match(readInfo('INFO {"version":"2.12.7"}'), { type: "refused", reason: /JetStream is off/ });
  t.match(readInfo("HTTP/1.1 400 Bad Request"), { type: "refused", reason: "it is no NATS server" });
});

t.test("isRecent() compares major, then minor", async (t) => {
  const tool = { minVersion: [2, 11] } as const;
  t.strictSame(
    ["2.11.0", "2.12.1", "3.0.0", "2.9.25", "1.99.0"].map((version) => isRecent(version, tool)),
    [true, true, true, false, false],
  );
});

t.test("parsePasswd() reads macOS's nobody too", async (t) => {
  const accounts = parsePasswd(
    "# x\nroot:x:0:0:root:/root:/bin/sh\nnobody:*:-2:-2:Nobody:/:/usr/bin/false\n",
  );
  t.strictSame(accounts.get("nobody"), { uid: 4294967294, gid: 4294967294 });
  t.strictSame(accounts.get("root"), { uid: 0, gid: 0 });
});

t.test("canReach() looks at all folders above", async (t) => {
  const folder = t.testdir({ closed: { open: {} } });
  const stranger = { uid: 4_000_000, gid: 4_000_000 };
  chmodSync(join(folder, "closed"), 0o700);
  t.notOk(canReach(stranger, join(folder, "closed/open")));
  t.ok(canReach(stranger, "/"));
});

t.test("postmasterOf() tells a Postgres from a process that only has its number", async (t) => {
  t.strictSame(await postmasterOf("/data", ""), { type: "none" });
  t.strictSame(await postmasterOf("/data", "4194305\n/data\n"), { type: "dead" });
  t.strictSame(await postmasterOf("/data", `${process.pid}\n/data\n`), { type: "foreign", pid: process.pid });
});
