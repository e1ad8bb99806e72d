// Each fault of a service is found by the rule that it breaks, and by no other.
import t from "tap";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import { consulUrl } from "../../../support/environment.ts";
import { startForeignService, type Body, type Faults } from "../../../support/joining/foreign-service.ts";
import { startRawServer } from "../../../support/joining/raw-grpc-server.ts";
import { verified } from "../../../support/joining/verified.ts";

t.jobs = 4;

/** A machine that is busy with everything else. */
const timeoutMs = 20_000;

const healthy = await startRawServer({
  handlers: new Map([
    [
      "/grpc.health.v1.Health/Check",
      ({ send, end }) => {
        send(Uint8Array.of(0x08, 0x01));
        end(0);
      },
    ],
  ]),
  otherwise: ({ end }) => end(12),
  ignoresDeadlines: false,
});
t.teardown(() => healthy[Symbol.asyncDispose]());

const withMeta =
  (meta: Readonly<Record<string, string | undefined>>) =>
  (body: Body): Body => {
    const all = Object.entries({ ...body.Meta, ...meta });
    return {
      ...body,
      Meta: Object.fromEntries(all.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]))),
    };
  };
const withCheck =
  (check: Readonly<Record<string, string>>) =>
  (body: Body): Body => ({ ...body, Check: { ...body.Check, ...check } });

/** A fault, the one rule that finds it, and what it says of it. */
interface Case {
  readonly about: string;
  readonly faults: Faults;
  readonly rule: string;
  readonly found: RegExp;
  readonly disruptive?: boolean;
}

const cases: readonly Case[] = [
  {
    about: "a name with capitals",
    faults: {
      registration: (body) => ({
        ...body,
        Name: body.Name.replace("foreign", "Foreign"),
        ID: body.ID.replace("foreign", "Foreign"),
        Check: { ...body.Check, CheckID: `service:${body.ID.replace("foreign", "Foreign")}` },
      }),
    },
    rule: "REG-2",
    found: /^the name "Foreign-/,
  },
  {
    about: "an id of its own",
    faults: {
      registration: (body) => ({
        ...body,
        ID: `${body.Name}-1`,
        Check: { ...body.Check, CheckID: `service:${body.Name}-1` },
      }),
    },
    rule: "REG-3",
    found: /^the id "foreign-.*-1"$/,
  },
  {
    about: "no tag grpc",
    faults: { registration: (body) => ({ ...body, Tags: body.Tags.filter((tag) => tag !== "grpc") }) },
    rule: "REG-5",
    found: /^the tags samspel\.test/,
  },
  {
    about: "a served proto service that is no tag",
    faults: {
      registration: (body) => ({ ...body, Tags: body.Tags.filter((tag) => !tag.endsWith("EchoService")) }),
    },
    rule: "REG-6",
    found: /^samspel\.test\.v1\.EchoService is served, and is no tag$/,
  },
  {
    about: "a tag of what is not served",
    faults: { registration: (body) => ({ ...body, Tags: [...body.Tags, "canary", "mail.v1.MailService"] }) },
    rule: "REG-6",
    found: /^the tag mail\.v1\.MailService, which reflection does not list$/,
  },
  {
    about: "no version in its meta",
    faults: { registration: withMeta({ version: undefined }) },
    rule: "REG-7",
    found: /^no pair version$/,
  },
  {
    about: "a contract of the future",
    faults: { registration: withMeta({ samspel_contract: "2" }) },
    rule: "REG-8",
    found: /^samspel_contract "2"$/,
  },
  {
    about: "a protocol that it does not speak",
    faults: { registration: withMeta({ protocols: "grpc,connect" }) },
    rule: "REG-9",
    found: /^a health check in connect is answered with/,
  },
  {
    about: "a lie about TLS",
    faults: { registration: withMeta({ secure: "true" }) },
    rule: "REG-10",
    found: /^secure is "true", and 127\.0\.0\.1:\d+ speaks plaintext$/,
  },
  {
    about: "it does not come back",
    faults: { isNeverRegisteredAgain: true },
    rule: "REG-11",
    found: /was deregistered, and is not back after 10 s/,
    disruptive: true,
  },
  {
    about: "no check",
    faults: { registration: (body) => ({ ...body, Check: undefined }) },
    rule: "CHECK-1",
    found: /^no check/,
  },
  {
    about: "a check of its port alone",
    faults: {
      registration: (body) => {
        const { GRPC: target = "", ...check } = body.Check ?? {};
        return { ...body, Check: { ...check, TCP: target } };
      },
    },
    rule: "CHECK-1",
    found: /is of kind tcp$/,
  },
  {
    about: "a check with an id of its own",
    faults: { registration: withCheck({ CheckID: "mine" }) },
    rule: "CHECK-1",
    found: /^the checks mine \(grpc\)$/,
  },
  {
    about: "a check that asks another server",
    faults: { registration: withCheck({ GRPC: `127.0.0.1:${healthy.port}` }) },
    rule: "CHECK-2",
    found: /^the check asks 127\.0\.0\.1:\d+$/,
  },
  {
    about: "a check that runs every 11 s",
    faults: { registration: withCheck({ Interval: "11s" }) },
    rule: "(CHECK-4)",
    found: /^it asks every 11s$/,
  },
  {
    about: "nobody at the port that it registered",
    faults: {
      registration: (body) => JSON.parse(JSON.stringify(body).replaceAll(String(body.Port), "1")) as Body,
    },
    rule: "PORT-1",
    found: /^127\.0\.0\.1:1 does not speak HTTP\/2: .*ECONNREFUSED/,
  },
  {
    about: "a connection that ends on a PING",
    faults: { closesOnPing: true },
    rule: "PORT-3",
    found: /^the connection was closed after a PING/,
  },
  {
    about: "calls with few headers alone",
    faults: { maxHeaders: 10 },
    rule: "PORT-4",
    found: /^a health check with 6 KiB of metadata was answered with/,
  },
  {
    about: "small requests alone",
    faults: { maxRequestBytes: 65_536 },
    rule: "PORT-5",
    found: /^a request of 1 MiB was answered with RESOURCE_EXHAUSTED/,
  },
  {
    about: "a name that is unknown, and cannot be watched",
    faults: { health: "unknown-unwatched" },
    rule: "(HEALTH-5)",
    found: /says NOT_FOUND "unknown service"$/,
  },
  {
    about: "reflection of the old version alone",
    faults: { reflection: "old" },
    rule: "(REFL-3)",
    found: /^grpc\.reflection\.v1alpha alone$/,
  },
  {
    about: "no word on its descriptors",
    faults: { registration: withMeta({ descriptor_sha256: undefined }) },
    rule: "(DESC-1)",
    found: /^no descriptor_sha256 in its meta$/,
  },
  { about: "no health", faults: { health: "missing" }, rule: "HEALTH-1", found: /UNIMPLEMENTED/ },
  {
    about: "health of the whole alone",
    faults: { health: "empty-name-alone" },
    rule: "HEALTH-2",
    found: /^Check of samspel\.test\.v1\.EchoService is answered with NOT_FOUND/,
  },
  {
    about: "health that says yes to everything",
    faults: { health: "same-to-all" },
    rule: "HEALTH-3",
    found: /NobodyServesThis is answered with SERVING$/,
  },
  {
    about: "no reflection",
    faults: { reflection: "missing" },
    rule: "REFL-1",
    found: /v1alpha: it answers with UNIMPLEMENTED/,
  },
  {
    about: "reflection without imports",
    faults: { reflection: "without-imports" },
    rule: "REFL-2",
    found: /it does not give .*\.proto: not found$/,
  },
  {
    about: "deadlines that nobody looks at",
    faults: { ignoresDeadlines: true },
    rule: "CALL-4",
    found: /^a watch with a deadline of 300 ms was still open after \d+ ms$/,
  },
  {
    about: "cancelled calls that go on",
    faults: { ignoresCancellation: true },
    rule: "CALL-5",
    found: /the next one is answered with RESOURCE_EXHAUSTED/,
  },
  {
    about: "INTERNAL for an unknown method",
    faults: { unknownMethods: "internal" },
    rule: "CALL-1",
    found: /is answered with INTERNAL/,
  },
  {
    about: "a request that cannot be read, and is handled",
    faults: { garbage: "handled" },
    rule: "CALL-2",
    found: /are answered with OK$/,
  },
  {
    about: "a stack in an error",
    faults: { garbage: "stack" },
    rule: "CALL-3",
    found: /^the error of .* says /,
  },
  {
    about: "a certificate of another service",
    faults: { tls: "of-another-service" },
    rule: "IDENT-1",
    found: /^the certificate has spiffe:.*\/svc\/mail$/,
  },
  {
    about: "a certificate of another CA",
    faults: { tls: "of-another-ca" },
    rule: "IDENT-3",
    found: /^its certificate is of another CA than the registry's$/,
  },
  {
    about: "a TLS port that lets everybody in",
    faults: { tls: "open-to-all" },
    rule: "IDENT-2",
    found: /^a call without a client certificate was answered$/,
  },
  {
    about: "a health listener that serves everything",
    faults: { tls: "with-open-back-door" },
    rule: "IDENT-6",
    found: /serves reflection without a certificate$/,
  },
  {
    about: "a TLS port that says that it is plaintext",
    faults: { tls: "good", registration: withMeta({ secure: "false" }) },
    rule: "REG-10",
    found: /^secure is "false", and 127\.0\.0\.1:\d+ speaks TLS$/,
  },
  {
    about: "descriptors that are not in the registry",
    faults: { descriptors: "missing" },
    rule: "DESC-2",
    found: /^nothing at samspel\/descriptors\//,
  },
  {
    about: "descriptors of other bytes",
    faults: { descriptors: "not-whole" },
    rule: "DESC-2",
    found: /has the SHA-256/,
  },
  {
    about: "descriptors of what it served once",
    faults: {
      descriptors: "stale",
    },
    rule: "DESC-3",
    found: /^served and not in the set: samspel\.test\.v1\.EchoService\.EchoEach /,
  },
];

for (const { about, faults, rule, found, disruptive = false } of cases) {
  t.test(`verifyService() finds ${about} by ${rule}`, { buffered: true }, async (t) => {
    const { name } = await startForeignService(t, consulUrl(), faults);
    const { broken } = await verified({ name, registryUrl: consulUrl(), disruptive, timeoutMs });
    t.same(Object.keys(broken), [rule], JSON.stringify(broken));
    t.match(broken[rule], found);
  });
}

t.test(
  "verifyService() finds nothing to say of a service with an identity",
  { buffered: true },
  async (t) => {
    const { name } = await startForeignService(t, consulUrl(), { tls: "good" });
    const { broken, findings } = await verified({ name, registryUrl: consulUrl(), disruptive: true });
    t.same(broken, {});
    const looked = findings.filter(
      ({ rule, outcome }) => rule.startsWith("IDENT") && outcome.type === "passed",
    );
    t.same(
      looked.map(({ rule }) => rule),
      ["IDENT-1", "IDENT-3", "IDENT-2", "IDENT-6"],
    );
  },
);

t.test(
  "verifyService() finds nothing to say of a service that keeps the contract",
  { buffered: true },
  async (t) => {
    await using embedded = await startEmbeddedRegistry({ port: 0 });
    for (const registryUrl of [consulUrl(), embedded.url]) {
      const { name } = await startForeignService(t, registryUrl);
      const { broken, findings } = await verified({ name, registryUrl, disruptive: true });
      t.same(broken, {}, registryUrl);
      t.ok(findings.filter(({ outcome }) => outcome.type === "passed").length > 25);
    }
  },
);
