// `samspel join verify`, as a person or a script runs it.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import t from "tap";
import { startForeignService } from "../support/joining/foreign-service.ts";

const main = join(import.meta.dirname, "../../devkit/src/cli/main.ts");
const registry = await startEmbeddedRegistry({ port: 0 });
t.teardown(() => registry.close());

interface Result {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function verify(...args: readonly string[]): Promise<Result> {
  const child = spawn(process.execPath, ["--conditions=samspel-source", main, "join", "verify", ...args], {
    env: { PATH: process.env["PATH"] ?? "", CONSUL_HTTP_ADDR: registry.url.replace("http://", "") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const code = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, out, err };
}

// docs/reference/join-verify.md: samspel join verify --name inventory
t.test("samspel join verify says of each rule whether it holds, and ends with 0 where all do", async (t) => {
  const { name, id } = await startForeignService(t, registry.url);
  const { code, out, err } = await verify("--name", name);
  t.equal(err, "");
  t.equal(code, 0, out);
  t.match(out, new RegExp(`^${name} at 127\\.0\\.0\\.1:\\d+ \\(${id}\\), none 1\\.0\\.0\n\n`));
  t.match(out, /\n✔ HEALTH-3 health of an unknown name is NOT_FOUND\n/);
  t.match(out, /\n- REG-11 .* - skipped: it changes something: --disruptive\n/);
  t.match(out, /\n- TOPIC-1 .* - skipped: no NATS is given: --nats, or NATS_URL\n/);
  t.match(out, /\n\d+ passed, none failed, \d+ skipped\n$/);
});

t.test(
  "samspel join verify says what was found, what must be and how to mend it, and ends with 1",
  async (t) => {
    const { name } = await startForeignService(t, registry.url, {
      health: "same-to-all",
      registration: (body) => ({ ...body, Tags: [...body.Tags, "mail.v1.MailService"] }),
    });
    const { code, out } = await verify("-n", name);
    t.equal(code, 1);
    t.match(
      out,
      "\n✘ REG-6    its tags name what it serves, and nothing else\n" +
        "    found the tag mail.v1.MailService, which reflection does not list\n" +
        "    must  no tag for a proto service that is not served: its calls would fail with UNIMPLEMENTED\n" +
        "    mend  serve mail.v1.MailService, list it in reflection, or leave the tag out\n" +
        "    see   docs/joining.md#reg-6\n",
    );
    t.match(out, /\n\d+ passed, 2 failed, \d+ skipped\n$/);
  },
);

t.test("samspel join verify warns of what should be, and with --strict fails", async (t) => {
  const { name } = await startForeignService(t, registry.url, { health: "unwatched" });
  const lenient = await verify("-n", name);
  t.equal(lenient.code, 0, lenient.out);
  t.match(lenient.out, /\n! HEALTH-4 health can be watched\n {4}found Watch of "" says UNIMPLEMENTED/);
  t.match(lenient.out, /\n- CALL-4 .* - skipped: HEALTH-4 does not hold\n/);
  t.match(lenient.out, /none failed, 1 to look at, /);
  const strict = await verify("-n", name, "--strict");
  t.equal(strict.code, 1);
  t.match(strict.out, /\n✘ HEALTH-4 /);
});

t.test(
  "samspel join verify --only and --skip choose rules; what those need is looked at all the same",
  async (t) => {
    const { name } = await startForeignService(t, registry.url, { reflection: "missing" });
    const only = await verify("-n", name, "--only", "REG-6", "health", "--skip", "HEALTH-3");
    t.equal(only.code, 0, only.out);
    const rules = [...only.out.matchAll(/^[✔✘!-] ([A-Z]+-\d+)/gm)].map(([, rule]) => rule);
    t.same(rules, ["HEALTH-1", "HEALTH-2", "HEALTH-4", "HEALTH-5", "REG-6"]);
    t.match(only.out, /- REG-6 .* - skipped: REFL-1 does not hold/);
  },
);

t.test("samspel join verify --json writes an object a line", async (t) => {
  const { name, id } = await startForeignService(t, registry.url, { health: "same-to-all" });
  const { code, out } = await verify("-n", name, "--json");
  t.equal(code, 1);
  const lines = out
    .trimEnd()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  t.match(lines[0], { type: "subject", name, id, lang: "none" });
  t.match(
    lines.find((line) => JSON.stringify(line).includes('"HEALTH-3"')),
    {
      type: "finding",
      rule: "HEALTH-3",
      level: "must",
      outcome: "failed",
      problems: [{ found: /SERVING$/, must: String, mend: String }],
      see: "docs/joining.md#health-3",
    },
  );
  t.match(lines.at(-1), { type: "verdict", failed: 1, warning: 0 });
});

t.test("samspel join verify --url looks at a service that is not registered", async (t) => {
  const { url } = await startForeignService(t, registry.url, {
    registration: (body) => ({ ...body, Tags: [] }),
  });
  const { code, out } = await verify("--url", url);
  t.equal(code, 0, out);
  t.match(out, /\n- REG-5 .* - skipped: the registry is not asked, as --url is given\n/);
  t.match(out, /\n✔ CALL-4 /);
});

t.test("samspel join verify finds a service that is not there, and suggests one that is", async (t) => {
  const { name } = await startForeignService(t, registry.url);
  const { code, out } = await verify("-n", name.replace("foreign", "foriegn"));
  t.equal(code, 1);
  t.match(out, `(did you mean ${name}?)`);
  t.match(out, /\n0 passed, 1 failed, \d+ skipped\n$/);
});

t.test("samspel join verify ends with 2 for what cannot be", async (t) => {
  t.match(await verify(), { code: 2, err: /^Which service\? Give --name/ });
  t.match(await verify("--url", "localhost"), { code: 2, err: /^--url must be like http/ });
  t.match(await verify("-n", "x", "--only", "HELTH-1"), {
    code: 2,
    err: /^--only must be a rule .* current value is "HELTH-1"; did you mean HEALTH-1\?/,
  });
  const withSecret = await verify("-n", "x", "--registry", "http://me:secret@127.0.0.1:1");
  t.match(withSecret, { code: 2, err: /^The registry at http:\/\/127\.0\.0\.1:1 does not answer/ });
  t.notMatch(withSecret.err, /secret/);
  const noNats = await verify("-n", "x", "--nats", "nats://me:secret@127.0.0.1:1");
  t.match(noNats, { code: 2, err: /^NATS at nats:.*127\.0\.0\.1:1 does not answer/ });
  t.notMatch(noNats.err, /secret/);
  t.match(await verify("-n", "x", "--registry", "ftp://x"), { code: 2, err: /^--registry must be like/ });
  t.match(await verify("-n", "x", "--timeout", "0"), { code: 2, err: /more than 0/ });
  t.match(await verify("-n", "x", "--registry", "http://127.0.0.1:1"), {
    code: 2,
    err: /^The registry at http:\/\/127\.0\.0\.1:1 does not answer .*: give --registry/,
  });
});
