// `samspel journal check`, run as in CI: proto files built by buf against a journal that a service has left.
import { spawn, type SpawnOptions } from "node:child_process";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { createFileRegistry, fromBinary, type DescMessage } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import t, { type Test } from "tap";
import { checkEvents } from "../../ts-runtime/src/evolution/index.ts";
import { buildProtos } from "../support/build-protos.ts";
import { databaseUrl } from "../support/environment.ts";
import { openJournal } from "../support/journal.ts";

const main = join(import.meta.dirname, "../../devkit/src/cli/main.ts");

const proto = (body: string): Promise<Uint8Array> =>
  buildProtos({ "cart.proto": `syntax = "proto3"; package cart.v1; ${body}` });
const cart = `
  message CartEvent { oneof event { ItemAdded item_added = 1; Cleared cleared = 2; } }
  message ItemAdded { string sku = 1; int32 quantity = 2; } message Cleared {}`;
const stored = await proto(cart);

interface Result {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A service's schema after its first start, and `samspel journal check` on it. */
async function journalOf(t: Test) {
  const { database, schema, journal } = await openJournal(t);
  const event = createFileRegistry(fromBinary(FileDescriptorSetSchema, stored)).getMessage(
    "cart.v1.CartEvent",
  );
  await checkEvents(database, { stored: [{ name: "cart", event: event as DescMessage }] });
  const dir = t.testdir({});
  let files = 0;
  return {
    database,
    journal,
    schema,
    check: async (descriptors: Uint8Array, ...args: readonly string[]): Promise<Result> => {
      const file = join(dir, `${++files}.binpb`);
      await writeFile(file, descriptors);
      return samspel("journal", "check", "--schema", schema, "--descriptors", file, ...args);
    },
  };
}

const samspel = (...args: readonly string[]): Promise<Result> =>
  runProgram(process.execPath, ["--conditions=samspel-source", main, ...args], {
    env: { PATH: process.env["PATH"] ?? "", DATABASE_URL: databaseUrl() },
  });

async function runProgram(
  command: string,
  args: readonly string[],
  options: Pick<SpawnOptions, "cwd" | "env">,
): Promise<Result> {
  const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
  const code = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, out, err };
}

t.test("samspel journal check passes a version that can read all", async (t) => {
  const { check } = await journalOf(t);
  t.same(await check(stored), {
    code: 0,
    out: "✔ cart: cart.v1.CartEvent can read all stored events\n",
    err: "",
  });
  const renamed = await proto(`
    message Fact { oneof event { Added added_item = 1; Cleared cleared = 2; } }
    message Added { string sku = 1; int64 quantity = 2; bool gift = 3; } message Cleared {}`);
  t.match(await check(renamed, "--event", "cart=cart.v1.Fact"), { code: 0, out: /^✔ cart: cart\.v1\.Fact/ });
  t.match(await check(renamed), {
    code: 1,
    out: /^✘ cart: .*1 refused\n  refused \(message-missing\): cart\.v1\.CartEvent is not in the descriptors\. .* --event cart=/,
  });
});

t.test("samspel journal check tells each change that loses stored values, and writes nothing", async (t) => {
  const { check, journal, database, schema } = await journalOf(t);
  const bad = await proto(`
    message CartEvent { oneof event { ItemAdded item_added = 1; } }
    message ItemAdded { reserved 1; string quantity = 2; }`);
  t.match(await check(bad), {
    code: 1,
    out: [
      "✘ cart: cart.v1.CartEvent 1 refused",
      "  refused (type-changed): cart.v1.ItemAdded.quantity, number 2 (in item_added), was int32 and is string. Give the field its old type back, and the new type a field with a number of its own.",
      "",
    ].join("\n"),
    err: "",
  });

  const events = [{ payload: Uint8Array.of(0x12, 0) }];
  await journal.append({ entityType: "cart", entityId: "7", expectedRevision: 0n, events });
  const { code, out } = await check(bad, "--json");
  t.equal(code, 1);
  t.match(JSON.parse(out), {
    schema,
    compatible: false,
    entities: [
      {
        entityType: "cart",
        message: "cart.v1.CartEvent",
        problems: [
          { rule: "type-changed", verdict: "refused" },
          {
            rule: "case-removed",
            verdict: "refused",
            text: /1 stored event has it, such as revision 1 of "7"/,
          },
        ],
      },
    ],
  });
  const [row] = await database.sql<{ count: number }[]>`select count(*)::int from descriptor`;
  t.equal(row?.count, 1);
});

t.test("samspel journal check shows what it only warns of, and passes", async (t) => {
  const { check } = await journalOf(t);
  const doubtful = await proto(`
    message CartEvent { oneof event { ItemAdded item_added = 1; Cleared cleared = 2; } }
    message ItemAdded { string coupon = 1; int32 quantity = 2; } message Cleared {}`);
  t.match(await check(doubtful), {
    code: 0,
    out: /^✔ cart: cart\.v1\.CartEvent can read all stored events, 1 warned of\n  warned \(field-name\): .*\.sku/,
  });
});

t.test("samspel journal check ends with 2 where it cannot tell, and says why", async (t) => {
  const { check, schema } = await journalOf(t);
  const refused = async (result: Result | Promise<Result>, err: RegExp): Promise<void> => {
    t.match(await result, { code: 2, out: "", err });
  };
  await refused(check(stored, "--entity", "order"), /has no descriptors of entity order: it has cart/);
  await refused(check(stored, "--event", "order=x.Y"), /has no descriptors of entity order: it has cart/);
  await refused(check(stored, "--event", "cart"), /must be entity=message, such as cart=cart\.v2\.CartEvent/);
  await refused(check(Uint8Array.of(0xff)), /^Cannot read the descriptors: .* `buf build -o x\.binpb`/);
  await refused(
    check(stored, "--database", "postgres://me:secret@127.0.0.1:1/x"),
    /postgres:\/\/me@127\.0\.0\.1:1\/x/,
  );
  await refused(
    check(stored, "--schema", "nowhere"),
    /Schema "nowhere" holds no descriptors: it must be the schema of/,
  );
  await refused(samspel("journal"), /^Usage: samspel journal/);
  await refused(samspel("journal", "check", "--schema", schema), /required option '--descriptors <file>'/);
  const missing = samspel("journal", "check", "--schema", schema, "--descriptors", "/no/such.binpb");
  await refused(missing, /^Cannot read --descriptors \/no\/such\.binpb: ENOENT/);
});

t.test(
  "samspel journal check works for a user who may only read, and says what that one lacks",
  async (t) => {
    const { check, database, schema } = await journalOf(t);
    const { sql } = database;
    const user = `reader_${schema}`;
    await sql.unsafe(`create role ${user} login password 'secret'`);
    t.teardown(async () => {
      await sql`drop owned by ${sql(user)}`;
      await sql`drop role ${sql(user)}`;
    });
    const url = new URL(databaseUrl());
    url.username = user;
    url.password = "secret";
    const without = await proto(
      "message CartEvent { oneof event { A a = 1; } } message A { string sku = 1; reserved 2; }",
    );
    const asReader = () => check(without, "--database", url.href);
    await sql`grant usage on schema ${sql(schema)} to ${sql(user)}`;
    t.match(await asReader(), {
      code: 2,
      err: /permission denied for table descriptor: the user needs usage/,
    });
    await sql`grant select on descriptor to ${sql(user)}`;
    t.match(await asReader(), { code: 2, err: /permission denied for table event: the user needs usage/ });
    await sql`grant select on event to ${sql(user)}`;
    t.match(await asReader(), { code: 0, err: "" });
  },
);

t.test("samspel journal check --help has an example", async (t) => {
  t.match(await samspel("journal", "check", "--help"), { code: 0, out: /buf build -o cart\.binpb\n/ });
});

t.test("the commands of the guide do what it says, in a folder with proto files", async (t) => {
  const { schema } = await journalOf(t);
  const script = `
    buf build -o cart.binpb
    samspel journal check --schema cart --descriptors cart.binpb`;
  const run = async (body: string): Promise<Result> => {
    const dir = t.testdir({
      "cart.proto": `syntax = "proto3"; package cart.v1; ${body}`,
      samspel: `#!/bin/sh\nexec "${process.execPath}" --conditions=samspel-source "${main}" "$@"\n`,
    });
    await chmod(join(dir, "samspel"), 0o755);
    const path = [dir, join(import.meta.dirname, "../../node_modules/.bin"), process.env["PATH"]].join(":");
    return runProgram("sh", ["-ec", script.replace("--schema cart", `--schema ${schema}`)], {
      cwd: dir,
      env: { PATH: path, DATABASE_URL: databaseUrl() },
    });
  };
  t.match(await run(cart), { code: 0, out: "✔ cart: cart.v1.CartEvent can read all stored events\n" });
  t.match(await run(cart.replace("int32", "string")), { code: 1, out: /was int32 and is string/ });
});
