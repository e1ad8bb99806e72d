// A service that cannot start says why in one line, with the setting and the fix, and leaves nothing behind (A1).
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import t from "tap";
import { consulUrl, databaseUrl, natsUrl } from "../support/environment.ts";
import { testSchema, testTopicPrefix } from "../support/isolation.ts";

const example = join(import.meta.dirname, "../../examples/shopping-cart");
const schema = testSchema(t);
const prefix = testTopicPrefix(t);

interface Ended {
  readonly code: number | null;
  readonly lines: readonly string[];
}

async function run(file: string, env: Readonly<Record<string, string>>): Promise<Ended> {
  const child = spawn(process.execPath, ["--conditions=samspel-source", file], {
    cwd: example,
    env: {
      PATH: process.env["PATH"] ?? "",
      DATABASE_URL: databaseUrl(),
      NATS_URL: natsUrl(),
      CONSUL_HTTP_ADDR: consulUrl(),
      SAMSPEL_SCHEMA: schema,
      SAMSPEL_TOPIC_PREFIX: prefix,
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (data: Buffer) => output.push(data.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, lines: output.join("").trim().split("\n") };
}

t.test("startService() names the setting, its value and the fix", async (t) => {
  const taken = createServer().listen(0, "127.0.0.1");
  t.teardown(() => taken.close());
  await once(taken, "listening");
  const address = taken.address();
  const takenPort = typeof address === "object" && address !== null ? String(address.port) : "";

  const cases: ReadonlyArray<readonly [Readonly<Record<string, string>>, string, RegExp]> = [
    [
      { DATABASE_URL: "" },
      "SAMSPEL_INVALID_CONFIGURATION",
      /^DATABASE_URL is not set, .*set it to postgres:\/\//,
    ],
    [
      { DATABASE_URL: "mysql://me:secret@db/x" },
      "SAMSPEL_INVALID_CONFIGURATION",
      /^DATABASE_URL must be a URL like postgres:.*"mysql:\/\/…"$/,
    ],
    [
      { DATABASE_URL: "postgres://me:secret@127.0.0.1:1/x" },
      "SAMSPEL_DATABASE_UNREACHABLE",
      /postgres:\/\/me@127\.0\.0\.1:1\/x: .*ECONNREFUSED.*DATABASE_URL/,
    ],
    [
      { NATS_URL: "nats://127.0.0.1:1" },
      "SAMSPEL_BROKER_UNREACHABLE",
      /nats:\/\/127\.0\.0\.1:1 .*ECONNREFUSED.*NATS_URL/,
    ],
    [{ SAMSPEL_PORT: "http" }, "SAMSPEL_INVALID_CONFIGURATION", /^SAMSPEL_PORT must be an integer .*"http"$/],
    [
      { SAMSPEL_PORT: takenPort },
      "SAMSPEL_INVALID_CONFIGURATION",
      new RegExp(`127\\.0\\.0\\.1:${takenPort} .*in use.*SAMSPEL_PORT`),
    ],
    [{ LOG_LEVEL: "loud" }, "SAMSPEL_INVALID_CONFIGURATION", /^LOG_LEVEL must be one of trace, .*"loud"$/],
    [{ SAMSPEL_SCHEMA: "Cart;" }, "SAMSPEL_INVALID_CONFIGURATION", /^Schema must be .*"Cart;"$/],
    [{ SAMSPEL_TOPIC_PREFIX: "a.b" }, "SAMSPEL_INVALID_CONFIGURATION", /^Topic prefix must be .*"a\.b"/],
    [{ CONSUL_HTTP_ADDR: "ftp://consul" }, "SAMSPEL_INVALID_CONFIGURATION", /CONSUL_HTTP_ADDR/],
  ];
  for (const [env, code, message] of cases) {
    const { code: exit, lines } = await run("cart/main.ts", env);
    const [line = "", ...rest] = lines.filter((text) => !text.includes('"level":30'));
    const shown = Object.entries(env).join("=");
    t.equal(exit, 1, `${shown} ends the process`);
    t.same(rest, [], `${shown} is told in one line`);
    t.match(JSON.parse(line), { level: 60, service: "cart", code, msg: message }, shown);
    t.notMatch(line, /secret/, `${shown} shows no password`);
  }
});

t.test("a bad proto option is refused before anything starts, by its name", async (t) => {
  const { code, lines } = await run(join(import.meta.dirname, "fixtures/bad-option.ts"), {});
  t.equal(code, 1);
  t.match(
    lines.join("\n"),
    /SamspelError: Message samspel\.test\.v1\.ActRequest has two keys, first_id and second_id: keep one of them/,
  );
  t.match(lines.join("\n"), /fixtures\/bad-option\.ts:6:/, "and where it is used");
});
