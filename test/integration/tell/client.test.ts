// Telling without a callee: stored before the promise resolves, whatever the broker does meanwhile (T5).
import { fromBinary } from "@bufbuild/protobuf";
import { connect } from "nats";
import t, { type Test } from "tap";
import { migrate, openDatabase, transact } from "../../../ts-runtime/src/postgres/index.ts";
import { createTellingClients, type TellingClients } from "../../../ts-runtime/src/tell/index.ts";
import { MailService, PackRequestSchema, ParcelService } from "../../gen/samspel/test/v1/parcel_pb.ts";
import { databaseUrl, natsUrl } from "../../support/environment.ts";
import { testSchema, testTopicPrefix } from "../../support/isolation.ts";
import { startNatsServer } from "../../support/nats-server.ts";
import { outboxOf } from "../../support/parcels.ts";
import { fixedSource } from "../calls/echo-server.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { until } from "../../support/until.ts";

const waitMs = 60_000;
const stream = "tell_samspel_test_v1_ParcelService";

/** Clients of a system in which nobody runs. */
function lonelyClients(t: Test, natsUrl: string | undefined, topicPrefix = ""): TellingClients {
  const clients = createTellingClients({
    registry: fixedSource(),
    topicPrefix,
    name: "shop",
    logger: silentLogger,
    ...(natsUrl === undefined ? {} : { natsUrl }),
  });
  t.teardown(() => clients.close());
  return clients;
}

interface Stored {
  readonly subject: string;
  readonly item: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a stream holds; nothing where it is not there. */
async function storedIn(url: string, name: string): Promise<readonly Stored[]> {
  const connection = await connect({ servers: url });
  const manager = await connection.jetstreamManager();
  const { state } = await manager.streams.info(name);
  const messages: Stored[] = [];
  for (let seq = state.first_seq; state.messages > 0 && seq <= state.last_seq; seq++) {
    const message = await manager.streams.getMessage(name, { seq }).catch(() => undefined);
    if (message === undefined) continue;
    const headers = Object.fromEntries([...message.header].map(([name, [value = ""]]) => [name, value]));
    const { item } = fromBinary(PackRequestSchema, message.data);
    messages.push({ subject: message.subject, item, headers });
  }
  await connection.close();
  return messages;
}

t.test("tell() stores what the contract says, though nobody has ever served the method", async (t) => {
  const prefix = testTopicPrefix(t);
  const { tell } = lonelyClients(t, natsUrl(), prefix).client(ParcelService);
  const headers = { "x-tenant": "grün", "ce-id": "mine", "Nats-Msg-Id": "mine", traceparent: "00-1-2-01" };
  const receipt = await tell.pack({ parcelId: "p 1", item: "apple" }, { idempotencyKey: "order-7", headers });
  t.equal(receipt.id, "order-7");
  const [message, ...rest] = await storedIn(natsUrl(), `${prefix}${stream}`);
  t.same(rest, []);
  t.match(message, { item: "apple", subject: /^test-\w+-tell\.samspel\.test\.v1\.ParcelService\.\d+$/ });
  t.match(message?.headers, {
    "Nats-Msg-Id": "Pack/p%201/order-7",
    "ce-specversion": "1.0",
    "ce-id": "order-7",
    "ce-source": "/samspel/shop",
    "ce-type": "samspel.test.v1.PackRequest",
    "ce-partitionkey": "p%201",
    "content-type": "application/protobuf",
    "samspel-method": "Pack",
    "x-tenant": "gr%C3%BCn",
    traceparent: "00-1-2-01",
  });
});

t.test("tell() of one id is stored once for one key and method, and again for another", async (t) => {
  const prefix = testTopicPrefix(t);
  const clients = lonelyClients(t, natsUrl(), prefix);
  const { tell } = clients.client(ParcelService);
  const once = { idempotencyKey: "same" };
  await tell.pack({ parcelId: "a", item: "1" }, once);
  await tell.pack({ parcelId: "a", item: "1" }, once);
  await tell.pack({ parcelId: "b", item: "2" }, once);
  await tell.getParcel({ parcelId: "a" }, once);
  const messages = await storedIn(natsUrl(), `${prefix}${stream}`);
  t.same(
    messages.map(({ headers }) => headers["Nats-Msg-Id"]),
    ["Pack/a/same", "Pack/b/same", "GetParcel/a/same"],
  );
});

t.test("tell refuses a method that might be carried out twice where it is touched, with the fix", (t) => {
  const clients = lonelyClients(t, undefined);
  t.throws(() => clients.client(ParcelService).tell.throw, {
    name: "TypeError",
    message:
      /Cannot tell samspel\.test\.v1\.ParcelService\.Throw .* `option \(samspel\.v1\.deduplicated\) = true;`/,
  });
  t.equal(typeof clients.client(MailService).tell.broadcast, "function");
  t.notOk("watchMail" in clients.client(MailService).tell, "a stream cannot be told");
  t.end();
});

t.test(
  "tell() refuses what cannot be: no broker, a large request, odd ids, headers and delays",
  async (t) => {
    const nowhere = lonelyClients(t, undefined).client(ParcelService).tell;
    await t.rejects(nowhere.pack({ parcelId: "a" }), {
      code: "SAMSPEL_INVALID_CONFIGURATION",
      message: /NATS_URL/,
    });
    const { tell } = lonelyClients(t, natsUrl(), testTopicPrefix(t)).client(ParcelService);
    const request = { parcelId: "a" };
    await t.rejects(tell.pack({ parcelId: "a", item: "x".repeat(1024 * 1024) }), {
      code: "SAMSPEL_TELL_TOO_LARGE",
    });
    await t.rejects(tell.pack(request, { idempotencyKey: "ü" }), RangeError);
    await t.rejects(tell.pack(request, { delayMs: -1 }), RangeError);
    await t.rejects(tell.pack(request, { headers: { "two words": "x" } }), TypeError);
  },
);

t.test("tell() is many at once, each stored, in the order of its key", async (t) => {
  const prefix = testTopicPrefix(t);
  const { tell } = lonelyClients(t, natsUrl(), prefix).client(ParcelService);
  const items = Array.from({ length: 3_000 }, (_, index) => String(index));
  const receipts = await Promise.all(items.map((item) => tell.pack({ parcelId: "p", item })));
  t.equal(new Set(receipts.map(String)).size, items.length);
  const connection = await connect({ servers: natsUrl() });
  const manager = await connection.jetstreamManager();
  const { state } = await manager.streams.info(`${prefix}${stream}`);
  t.equal(state.messages, items.length);
  for (const seq of [1, 2, 1_500, 3_000]) {
    const { data } = await manager.streams.getMessage(`${prefix}${stream}`, { seq });
    t.equal(fromBinary(PackRequestSchema, data).item, items[seq - 1]);
  }
  await connection.close();
});

t.test("tell() waits for a broker that is away, and stores once", async (t) => {
  const server = await startNatsServer(t);
  const { tell } = lonelyClients(t, server.url).client(ParcelService);
  await tell.pack({ parcelId: "a", item: "before" });
  await server.kill();
  let isStored = false;
  const telling = tell
    .pack({ parcelId: "a", item: "meanwhile" }, { timeoutMs: waitMs })
    .then(() => (isStored = true));
  t.equal(isStored, false);
  await server.start();
  await telling;
  const messages = await storedIn(server.url, stream);
  t.same(
    messages.map(({ item }) => item),
    ["before", "meanwhile"],
  );
});

t.test("tell() says that its outcome is unknown where the broker stays away", async (t) => {
  const server = await startNatsServer(t);
  const proxy = await startTcpProxy(t, server.url);
  const { tell } = lonelyClients(t, proxy.url).client(ParcelService);
  await tell.pack({ parcelId: "a", item: "before" });
  proxy.freeze();
  await t.rejects(tell.pack({ parcelId: "a", item: "lost" }, { timeoutMs: 300 }), {
    code: "SAMSPEL_BROKER_UNREACHABLE",
    message: /within 300 ms .* try again with the same id/,
  });
});

t.test("tell() makes a stream anew that was deleted, though somebody listens to its subject", async (t) => {
  const server = await startNatsServer(t);
  const { tell } = lonelyClients(t, server.url).client(ParcelService);
  await tell.pack({ parcelId: "a", item: "before" });
  const connection = await connect({ servers: server.url });
  connection.subscribe("tell.>");
  await (await connection.jetstreamManager()).streams.delete(stream);
  await tell.pack({ parcelId: "a", item: "after" }, { timeoutMs: waitMs });
  t.same(
    (await storedIn(server.url, stream)).map(({ item }) => item),
    ["after"],
  );
  await connection.close();
});

t.test("tell() with a delay is delivered by JetStream when it is due", async (t) => {
  const prefix = testTopicPrefix(t);
  const { tell } = lonelyClients(t, natsUrl(), prefix).client(ParcelService);
  const toldAtMs = Date.now();
  await tell.pack(
    { parcelId: "a", item: "later" },
    { delayMs: 700, idempotencyKey: "x", headers: { own: "1" } },
  );
  await tell.pack({ parcelId: "a", item: "now" });
  const due = await until(
    "it is delivered",
    async () => {
      const messages = await storedIn(natsUrl(), `${prefix}${stream}`);
      return messages.some(({ subject, item }) => subject.includes("-tell.") && item === "later") && messages;
    },
    waitMs,
  );
  t.ok(Date.now() - toldAtMs >= 700, "not before its time");
  t.same(
    due.map(({ item }) => item),
    ["now", "later"],
    "the scheduled one is gone",
  );
  t.match(due[1]?.headers, { "ce-id": "x", "samspel-method": "Pack", "ce-partitionkey": "a", own: "1" });
});

t.test("tell() with an outbox is stored with its transaction or not at all", async (t) => {
  const database = await openDatabase({ url: databaseUrl(), schema: testSchema(t), logger: silentLogger });
  t.teardown(() => database.close());
  await migrate(database);
  let woken = 0;
  await database.listen(`${database.schema}.outbox`, () => woken++);
  const { tell } = lonelyClients(t, undefined).client(ParcelService);
  const wokenBefore = woken;
  await t.rejects(
    transact(database.sql, async (outbox) => {
      await tell.pack({ parcelId: "a", item: "never" }, { outbox });
      throw new Error("no");
    }),
    { message: "no" },
  );
  await transact(database.sql, async (outbox) => {
    await tell.pack({ parcelId: "a", item: "1" }, { outbox, idempotencyKey: "i" });
    await tell.pack({ parcelId: "a", item: "2" }, { outbox, delayMs: 60_000 });
  });
  const rows = await outboxOf(database.sql);
  t.match(rows, [
    { stream, key: "a", message_id: "Pack/a/i", due_in_ms: null, headers: { "ce-source": "/samspel/shop" } },
    { stream, key: "a", due_in_ms: Number },
  ]);
  t.equal(fromBinary(PackRequestSchema, rows[0]?.body ?? new Uint8Array()).item, "1");
  await until("the relay is woken", () => woken > wokenBefore, waitMs);
});
