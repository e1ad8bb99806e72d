// Tells of effects: in the append's transaction, whatever way that goes (J2, J3).
import { fromBinary } from "@bufbuild/protobuf";
import t from "tap";
import { runAppends } from "../../../ts-runtime/src/journal/append-statement.ts";
import { sliceOf } from "../../../ts-runtime/src/descriptor/index.ts";
import type { Append, OutboxMessage } from "../../../ts-runtime/src/journal/index.ts";
import { PackRequestSchema } from "../../gen/samspel/test/v1/parcel_pb.ts";
import { appendOf, cutConnections, openJournal } from "../../support/journal.ts";
import { outboxOf, serveOrders } from "../../support/parcels.ts";

const tell = (messageId: string, rest: Partial<OutboxMessage> = {}): OutboxMessage => ({
  slice: 7,
  stream: "tell_a_B",
  subject: "tell.a.B.3",
  messageId,
  key: 'odd "\\{},key',
  headers: JSON.stringify({ "ce-id": messageId }),
  body: Buffer.from(`body of ${messageId}`),
  ...rest,
});

t.test("append() writes tells with its events, and none where it does not stand", async (t) => {
  const { journal, database } = await openJournal(t);
  const { incarnation } = journal;
  // The judging statement first, the quick one behind it: the journal knows its server from then on.
  for (const [round, extra] of [{}, { incarnation: journal.incarnation }].entries()) {
    const at = BigInt(round);
    const results = await Promise.all([
      journal.append(appendOf("a", at, { ...extra, tells: [tell(`${round}-a1`), tell(`${round}-a2`)] })),
      journal.append(appendOf("b", 7n, { ...extra, tells: [tell(`${round}-conflict`)] })),
      journal.append(
        appendOf("c", at, {
          ...extra,
          tells: [tell(`${round}-c`, { delayMs: 60_000 })],
          command: { id: `c${round}`, reply: Buffer.from("reply") },
          snapshot: { state: Buffer.from("state"), fingerprint: "f" },
        }),
      ),
      journal.append(appendOf("d", at, extra)),
      journal.append(appendOf("e", 0n, { ...extra, events: [], tells: [tell(`${round}-e`)] })),
    ]);
    t.same(
      results.map(({ type }) => type),
      ["appended", "conflict", "appended", "appended", "appended"],
    );
  }
  t.equal(typeof incarnation, "number");
  const rows = await outboxOf(database.sql);
  const ids = (prefix: string): readonly string[] =>
    rows.map((row) => row.message_id).filter((id) => id.startsWith(prefix));
  t.same(ids("0-").toSorted(), ["0-a1", "0-a2", "0-c", "0-e"]);
  t.same(ids("1-").toSorted(), ["1-a1", "1-a2", "1-c", "1-e"]);
  t.ok(
    rows.findIndex((row) => row.message_id === "1-a1") < rows.findIndex((row) => row.message_id === "1-a2"),
  );
  const [first] = rows;
  t.match(first, {
    slice: 7,
    stream: "tell_a_B",
    subject: "tell.a.B.3",
    key: 'odd "\\{},key',
    due_in_ms: null,
  });
  t.same(first?.headers, { "ce-id": first?.message_id });
  t.same(Buffer.from(first?.body ?? []).toString(), `body of ${first?.message_id}`);
  const delayed = rows.filter((row) => row.due_in_ms !== null);
  t.same(
    delayed.map((row) => row.message_id),
    ["0-c", "1-c"],
  );
  for (const { due_in_ms: dueInMs } of delayed)
    t.ok(dueInMs !== null && dueInMs > 30_000 && dueInMs <= 60_000);
});

t.test("append() goes the quick way with tells, too", async (t) => {
  const { journal, database } = await openJournal(t);
  await journal.append(appendOf("a", 0n));
  const { incarnation } = journal;
  const quick = (at: bigint, rest: Partial<Append>): Append =>
    appendOf("a", at, { incarnation, tells: [tell(`${at}`)], ...rest });
  const command = { id: "c", reply: Buffer.from("reply") };
  const snapshot = { state: Buffer.from("state"), fingerprint: "f" };
  await journal.append(quick(1n, {}));
  await journal.append(quick(2n, { command }));
  await journal.append(quick(3n, { snapshot }));
  await journal.append(quick(4n, { command: { ...command, id: "d" }, snapshot }));
  t.same(
    (await outboxOf(database.sql)).map((row) => row.message_id),
    ["1", "2", "3", "4"],
  );
});

t.test("runAppends() writes tells once where it is sent again as its outcome was lost (S1)", async (t) => {
  const { database } = await openJournal(t);
  const append = {
    ...appendOf("a", 0n, { tells: [tell("once")] }),
    appendId: "11111111-1111-4111-8111-111111111111",
  };
  const send = (): Promise<unknown> => database.bounded((sql) => runAppends(sql, [append]));
  await send();
  await send();
  t.equal((await outboxOf(database.sql)).length, 1);
});

t.test("append() loses and doubles no tell while its connections are cut", async (t) => {
  const { journal, database, schema } = await openJournal(t);
  const entities = Array.from({ length: 40 }, (_, index) => `e${index}`);
  const writing = entities.map(async (entityId) => {
    for (let at = 0n; at < 10n; at++) {
      const { incarnation } = journal;
      const result = await journal.append(
        appendOf(entityId, at, { incarnation, tells: [tell(`${entityId}/${at}`)] }),
      );
      if (result.type !== "appended") throw new Error(`${entityId} at ${at}: ${result.type}`);
    }
  });
  let cuts = 0;
  const cutting = (async () => {
    for (; cuts < 8; cuts++) await cutConnections(schema);
  })();
  await Promise.all([...writing, cutting]);
  const ids = (await outboxOf(database.sql)).map((row) => row.message_id);
  t.equal(ids.length, 400);
  t.equal(new Set(ids).size, 400);
});

t.test("tell() of an effect makes what the contract says, with the trace of its command", async (t) => {
  const { journal, database } = await openJournal(t);
  const { place } = serveOrders(t, journal);
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  await place("o 1", ["apple", "pear"], { traceparent });
  const rows = await outboxOf(database.sql);
  t.match(rows, [
    { message_id: "Pack/o%201/shop/order/o%25201/1/1" },
    { message_id: "Pack/o%201/shop/order/o%25201/1/2" },
  ]);
  const [first] = rows;
  t.match(first, { stream: "tell_samspel_test_v1_ParcelService", key: "o 1", slice: sliceOf("o 1") });
  t.match(first?.subject, /^tell\.samspel\.test\.v1\.ParcelService\.\d+$/);
  t.match(first?.headers, {
    "ce-specversion": "1.0",
    "ce-id": "shop/order/o%25201/1/1",
    "ce-source": "/samspel/shop",
    "ce-type": "samspel.test.v1.PackRequest",
    "ce-partitionkey": "o%201",
    "content-type": "application/protobuf",
    "samspel-method": "Pack",
    traceparent,
  });
  t.match(fromBinary(PackRequestSchema, first?.body ?? new Uint8Array()), { parcelId: "o 1", item: "apple" });
});

t.test("tell() of an effect is told once where its command is repeated (J3)", async (t) => {
  const { journal, database } = await openJournal(t);
  const { place, remind } = serveOrders(t, journal);
  await place("o", ["apple"], { commandId: "c", tellId: "my-id" });
  await place("o", ["apple"], { commandId: "c", tellId: "my-id" });
  await remind("o", "pear", "r");
  await remind("o", "pear", "r");
  t.same(
    (await outboxOf(database.sql)).map((row) => row.message_id),
    ["Pack/o/my-id", "Pack/o/shop/order/o/1/r/1"],
  );
});

t.test(
  "tell() of effects without events are different tells, as they have no revision of their own",
  async (t) => {
    const { journal, database } = await openJournal(t);
    const { remind } = serveOrders(t, journal);
    await remind("o", "apple");
    await remind("o", "apple");
    const ids = (await outboxOf(database.sql)).map((row) => row.message_id);
    t.equal(new Set(ids).size, 2);
  },
);

t.test("tell() goes with forget(), in its transaction", async (t) => {
  const { journal, database } = await openJournal(t);
  const { place, forget } = serveOrders(t, journal);
  await place("o", []);
  await forget("o");
  t.match(await outboxOf(database.sql), [
    { message_id: "Pack/o/shop/order/o/2/1", key: "o", due_in_ms: null },
  ]);
});

t.test("a command that tells fails, and changes nothing, where nobody would send it on", async (t) => {
  const { journal } = await openJournal(t);
  const { place } = serveOrders(t, journal, "nobody");
  await t.rejects(place("o", ["apple"]), {
    code: "SAMSPEL_INVALID_CONFIGURATION",
    message: /NATS_URL is not set/,
  });
  t.equal(await journal.confirm("order", "o"), 0n);
});
