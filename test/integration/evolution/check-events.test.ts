// The check at the start (J6), on a real journal: several versions of one service, one after another and at once.
import { create, createFileRegistry, fromBinary, toBinary, type DescMessage } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import t from "tap";
import { checkEvents } from "../../../ts-runtime/src/evolution/index.ts";
import type { Database } from "../../../ts-runtime/src/postgres/index.ts";
import { buildProtos } from "../../support/build-protos.ts";
import { openJournal, type JournalFixture } from "../../support/journal.ts";

const messages = "message Added { string sku = 1; int32 quantity = 2; } message Removed { string sku = 1; }";
const cases = "Added added = 1; Removed removed = 2;";

/** Versions of a service's event message, each in a package of its own. */
const versions = {
  first: `message Event { oneof event { ${cases} } } ${messages}`,
  /** A field more, and other names. */
  renamed: `message CartEvent { oneof fact { Put item_added = 1; Removed removed = 2; Cleared cleared = 300; } }
    message Put { string sku = 1; int64 quantity = 2; string gift = 3; } message Removed { string sku = 1; } message Cleared {}`,
  narrow: `message Event { oneof event { ${cases} } }
    message Added { bytes sku = 1; string quantity = 2; } message Removed { repeated string sku = 1; string by = 2; }`,
  worse: `message Event { oneof event { ${cases} } }
    message Added { bool sku = 1; string quantity = 2; } message Removed { string sku = 1; int32 gone = 2; }`,
  without: `message Event { oneof event { Added added = 1; } } message Added { string sku = 1; int32 quantity = 2; }`,
  /** Uses the number of a case again. */
  again: `message Event { oneof event { Added added = 1; Other other = 2; } }
    message Added { string sku = 1; int32 quantity = 2; } message Other { int32 n = 1; }`,
  more: `message Event { oneof event { ${cases} Cleared cleared = 300; } } ${messages} message Cleared {}`,
  reused: `message Event { oneof event { ${cases} } } message Added { string coupon = 1; int32 quantity = 2; }
    message Removed { string sku = 1; }`,
};
type Version = keyof typeof versions;

const registry = createFileRegistry(
  fromBinary(
    FileDescriptorSetSchema,
    await buildProtos(
      Object.fromEntries(
        Object.entries(versions).map(([name, text]) => [
          `${name}.proto`,
          `syntax = "proto3"; package ${name}; ${text}`,
        ]),
      ),
    ),
  ),
);

function eventOf(version: Version): DescMessage {
  const message = registry.getMessage(`${version}.${version === "renamed" ? "CartEvent" : "Event"}`);
  if (message === undefined) throw new Error(`No message of ${version}`);
  return message;
}

const start = (database: Database, version: Version, name = "cart"): Promise<void> =>
  checkEvents(database, { stored: [{ name, event: eventOf(version) }] });

/** Appends an event with an empty message of a case. */
async function append(
  { journal }: JournalFixture,
  version: Version,
  kind: number,
  at: readonly [string, bigint] = ["a", 0n],
) {
  const desc = eventOf(version);
  const field = desc.fields.find(({ number }) => number === kind);
  if (field?.message === undefined) throw new Error(`No case ${kind}`);
  const event = reflect(desc, create(desc));
  event.set(field, reflect(field.message, create(field.message)));
  const [entityId, expectedRevision] = at;
  const payload = toBinary(desc, event.message);
  await journal.append({ entityType: "cart", entityId, expectedRevision, events: [{ payload }] });
}

const stored = async ({ sql }: Database): Promise<readonly string[]> => {
  const rows = await sql<{ message: string }[]>`select message from descriptor order by number`;
  return rows.map(({ message }) => message);
};

/** What a database logs from now on, and how often it is asked. */
function observed(database: Database) {
  const lines: string[] = [];
  const logger = { info: () => {}, warn: (_: object, text: string) => void lines.push(text) };
  let queries = 0;
  const sql = new Proxy(database.sql, {
    apply(target, self, args) {
      queries++;
      return Reflect.apply(target, self, args);
    },
    get(target, name) {
      if (name === "begin") queries++;
      return Reflect.get(target, name);
    },
  });
  return { database: { ...database, sql, logger: logger as never }, lines, queries: () => queries };
}

t.test(
  "checkEvents() stores what it has not seen, and asks one query where nothing changed (E4)",
  async (t) => {
    const { database } = await openJournal(t);
    await start(database, "first");
    await start(database, "renamed");
    t.same(await stored(database), ["first.Event", "renamed.CartEvent"]);
    const again = observed(database);
    await start(again.database, "renamed");
    t.equal(again.queries(), 1);
    t.same(again.lines, []);
    t.same(await stored(database), ["first.Event", "renamed.CartEvent"]);
  },
);

t.test(
  "checkEvents() tells all that stored events would suffer, of each entity, and stores nothing (E3)",
  async (t) => {
    const { database, schema } = await openJournal(t);
    const event = eventOf("first");
    await checkEvents(database, {
      stored: [
        { name: "cart", event },
        { name: "order", event },
      ],
    });
    const refused = checkEvents(database, {
      stored: [
        { name: "cart", event: eventOf("narrow") },
        { name: "order", event: eventOf("worse") },
      ],
    });
    await t.rejects(refused, {
      code: "SAMSPEL_EVENTS_INCOMPATIBLE",
      message: [
        `Cannot start on schema "${schema}", as this version would lose or misread stored events:`,
        "  1. Entity cart: narrow.Added.quantity, number 2 (in added), was int32 and is string. Give the field its old type back, and the new type a field with a number of its own.",
        "  2. Entity order: worse.Added.sku, number 1 (in added), was string and is bool. Give the field its old type back, and the new type a field with a number of its own.",
        "  3. Entity order: worse.Added.quantity, number 2 (in added), was int32 and is string. Give the field its old type back, and the new type a field with a number of its own.",
      ].join("\n"),
    });
    t.same(await stored(database), ["first.Event", "first.Event"]);
  },
);

t.test("checkEvents() compares with all versions, not with the last one only", async (t) => {
  const { database } = await openJournal(t);
  await start(database, "first");
  await start(database, "without"); // the journal has no such events
  await t.rejects(
    start(database, "again"),
    /again\.Other\.sku, number 1 \(in removed\), was string and is int32/,
  );
});

t.test("a removed case is refused where the journal holds events of it, and only there", async (t) => {
  const fixture = await openJournal(t);
  const { database } = fixture;
  await start(database, "more");
  await append(fixture, "more", 1);
  await append(fixture, "more", 2, ["a", 1n]);
  await append(fixture, "more", 2, ["b", 0n]);
  await start(database, "first"); // nothing of number 300
  await t.rejects(start(database, "without"), {
    message:
      /1\. Entity cart: without\.Event\.removed, number 2, was a case and is gone, but 2 stored events have it, such as revision [12] of "[ab]"\. Keep the case in the proto file, marked deprecated, and give it an upcast\.$/,
  });
  await append(fixture, "more", 300, ["b", 1n]);
  await database.sql`delete from descriptor where message = 'first.Event'`;
  await t.rejects(
    start(database, "first"),
    /first\.Event\.cleared, number 300, .* but 1 stored event has it, such as revision 2 of "b"/,
  );
  await database.sql`update event set payload = '' where entity_id = 'b' and revision = 2`;
  await start(database, "first"); // an erased event is of no case
});

t.test(
  "a version that comes back is not refused for the cases of newer ones, but for what it would misread (E6)",
  async (t) => {
    const fixture = await openJournal(t);
    const { database } = fixture;
    await start(database, "first");
    await start(database, "more");
    await append(fixture, "more", 300);
    const back = observed(database);
    await start(back.database, "first");
    t.same(back.lines, [
      'entity cart: first.Event.cleared, number 300, of a newer version, is gone, but 1 stored event has it, such as revision 1 of "a". Entities that have such events are refused until that version is back.',
    ]);
    await start(database, "renamed");
    await t.rejects(start(database, "more"), /more\.Added\.quantity.* was int64 and is int32/);
  },
);

t.test("a number that seems to be used again is warned of, once", async (t) => {
  const { database } = await openJournal(t);
  await start(database, "first");
  const first = observed(database);
  await start(first.database, "reused");
  t.match(first.lines, [
    /^entity cart: reused\.Added\.sku, number 1 \(in added\), was called sku and is called coupon\. If it was renamed, all is well; if its number is used again/,
  ]);
  const second = observed(database);
  await start(second.database, "reused");
  t.same(second.lines, []);
});

t.test("what is only read is compared, and not stored", async (t) => {
  const { database } = await openJournal(t);
  const read = (version: Version) =>
    checkEvents(database, { stored: [], read: [{ name: "cart", event: eventOf(version) }] });
  await read("first");
  t.same(await stored(database), []);
  await start(database, "first");
  await read("renamed");
  t.same(await stored(database), ["first.Event"]);
  await t.rejects(read("narrow"), { code: "SAMSPEL_EVENTS_INCOMPATIBLE" });
});

t.test("of two incompatible versions that start at once, one does not start (E5)", async (t) => {
  const { database, open } = await openJournal(t);
  const other = await open();
  for (let round = 0; round < 10; round++) {
    await database.sql`delete from descriptor`;
    const results = await Promise.allSettled([
      start(database, "first"),
      start(other.database, "worse"),
      start(database, "first"),
      start(other.database, "first", "order"),
    ]);
    const failed = results.filter(({ status }) => status === "rejected").length;
    const [first] = await stored(database);
    t.ok(failed === 1 || failed === 2, `${failed} of the two versions did not start, the first was ${first}`);
    t.equal(results[0].status === "fulfilled", results[1].status === "rejected");
  }
});
