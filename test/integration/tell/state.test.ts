// What operators see of tells, and what they can do about dead letters.
import type { Receipt } from "@samspel/runtime";
import t from "tap";
import { createEntityHost, entityServiceImpl } from "../../../ts-runtime/src/entity/index.ts";
import { bind } from "../../../ts-runtime/src/service/index.ts";
import {
  createReplyPublisher,
  runTells,
  tellQueues,
  tellsInOutbox,
  tellStatus,
  toldService,
} from "../../../ts-runtime/src/tell/index.ts";
import { sweepOnce } from "../../../ts-runtime/src/tell/sweep.ts";
import { listDeadLetters, replayDeadLetter } from "../../../ts-runtime/src/topic/index.ts";
import { ParcelService } from "../../gen/samspel/test/v1/parcel_pb.ts";
import { testBroker } from "../../support/broker.ts";
import { openJournal } from "../../support/journal.ts";
import { defineParcel, serveOrders } from "../../support/parcels.ts";
import { noClients } from "../../support/reminder.ts";
import { startTown } from "../../support/town.ts";
import { until } from "../../support/until.ts";

const waitMs = 60_000;
const patience = { timeoutMs: waitMs };
const service = ParcelService.typeName;

t.test("tellQueues() and tellStatus() say what waits, what came of it, and what was given up", async (t) => {
  const { clients, prefix, start } = await startTown(t);
  const broker = await testBroker(t, { prefix });
  const { tell } = clients.client(ParcelService);
  const status = (receipt: Receipt): ReturnType<typeof tellStatus> =>
    tellStatus(broker, [service], String(receipt));
  t.match(await tellQueues(broker, [service]), [{ service, pending: 0, deadLetters: 0, partitions: [] }]);

  const waiting = await tell.pack({ parcelId: "a", item: "apple" });
  t.same(await status(waiting), { state: "pending" });
  const parcels = await start({ entities: [defineParcel()] });
  await waiting.reply(patience);
  t.match(await status(waiting), {
    state: "replied",
    service,
    method: "Pack",
    id: waiting.id,
    reply: Uint8Array,
  });

  const broken = await tell.pack({ parcelId: "a", item: "vase", broken: true });
  await t.rejects(broken.reply(patience), { message: /vase is broken/ });
  await until("it is a dead letter", async () => (await status(broken)).deadLetter !== undefined, waitMs);
  t.match(await status(broken), {
    state: "rejected",
    method: "Pack",
    id: broken.id,
    error: /vase is broken/,
  });
  const done = await until(
    "nothing waits",
    async () => {
      const [queue] = await tellQueues(broker, [service]);
      return queue?.pending === 0 && queue;
    },
    waitMs,
  );
  t.match(done, { keysWaiting: 0, deadLetters: 1, lagSeconds: 0 });

  await parcels.stop();
  await tell.pack({ parcelId: "b", item: "pear" });
  const [queue] = await tellQueues(broker, [service]);
  t.match(queue, { pending: 1 });
  t.ok((queue?.lagSeconds ?? 0) >= 0);
  const eightDaysAgo = (Date.now() - 8 * 24 * 3_600_000).toString(36);
  t.same(
    await tellStatus(
      broker,
      [service],
      String(broken).replace(/^\w+-.*/, `${eightDaysAgo}-${"x".repeat(32)}`),
    ),
    {
      state: "unknown",
    },
  );
});

t.test(
  "a dead letter that is replayed is handled, and its reply takes the place of the failure",
  async (t) => {
    const { clients, prefix } = await startTown(t);
    const broker = await testBroker(t, { prefix });
    let isMended = false;
    const parcel = defineParcel(() => {
      if (!isMended) throw new TypeError("a bug");
    });
    const { journal } = await openJournal(t);
    using host = createEntityHost({ entity: parcel, journal });
    const told = toldService(bind(ParcelService, entityServiceImpl(host, noClients) as never), []);
    if (told === undefined) throw new Error("nothing may be told");
    using replies = createReplyPublisher(broker);
    const stopping = new AbortController();
    const { signal } = stopping;
    const receipt = await clients.client(ParcelService).tell.pack({ parcelId: "a", item: "apple" });
    const taking = runTells({ told, broker, replies, logger: broker.logger, signal, maxAttempts: 1 });
    await t.rejects(receipt.reply(patience), { message: /internal error/ });
    const letter = await until(
      "it is a dead letter",
      async () => (await listDeadLetters(broker, { group: "handler" })).letters[0],
      waitMs,
    );
    t.match(letter, { topic: `tell.${service}`, key: "a", id: receipt.id, error: /a bug/ });
    const given = await tellStatus(broker, [service], String(receipt));
    t.match(given, { state: "dead letter", deadLetter: letter.number });
    isMended = true;
    t.same(await replayDeadLetter(broker, letter.number), { type: "handled" });
    t.equal((await receipt.reply(patience)).items, 1);
    t.match(await tellStatus(broker, [service], String(receipt)), { state: "replied" });
    stopping.abort();
    await taking;
  },
);

t.test("sweepOnce() removes what is handled, and nothing else", async (t) => {
  const { clients, prefix, start } = await startTown(t);
  const broker = await testBroker(t, { prefix });
  const held = Promise.withResolvers<void>();
  await start({ entities: [defineParcel((item) => (item === "held" ? held.promise : undefined))] });
  const { tell } = clients.client(ParcelService);
  const done = await Promise.all(
    Array.from({ length: 50 }, (_, index) => tell.pack({ parcelId: `p${index}`, item: "x" })),
  );
  for (const receipt of done) await receipt.reply(patience);
  const last = await tell.pack({ parcelId: "held", item: "held" });
  const sweep = async (): Promise<boolean> => {
    await sweepOnce(broker, service);
    const info = await broker.manager.streams.info(`${prefix}tell_samspel_test_v1_ParcelService`);
    return info.state.messages === 1;
  };
  await until("all others are gone", sweep, waitMs);
  held.resolve();
  t.equal((await last.reply(patience)).items, 1);
});

t.test("tellsInOutbox() says what waits there for each service", async (t) => {
  const { journal, database } = await openJournal(t);
  const { place } = serveOrders(t, journal);
  await place("o", ["apple", "pear"]);
  await place("o", ["late"], { delayMs: 60_000 });
  await database.sql`
    insert into outbox (slice, stream, subject, message_id, key, headers, body)
    values (1, 'tellers_topic', 's', 'm', 'k', '{}', '')`;
  const [first, ...rest] = await tellsInOutbox(database);
  t.match(first, { stream: "tell_samspel_test_v1_ParcelService", waiting: 3, due: 2 });
  t.same(rest, []);
});
