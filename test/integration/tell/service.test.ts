// Tells from one service to another, over a real broker: handled by the same handlers as calls, once in effect (T5).
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { commandId, errorDetail, reject, serve, type RunningService } from "@samspel/runtime";
import { connect } from "nats";
import t from "tap";
import {
  MailService,
  OrderService,
  ParcelService,
  SendRequestSchema,
} from "../../gen/samspel/test/v1/parcel_pb.ts";
import { create, toBinary } from "@bufbuild/protobuf";
import { migrate, openDatabase } from "../../../ts-runtime/src/postgres/index.ts";
import { pruneHandledBatch } from "../../../ts-runtime/src/tell/inbox.ts";
import { databaseUrl, natsUrl } from "../../support/environment.ts";
import { testSchema } from "../../support/isolation.ts";
import { defineOrder, defineParcel } from "../../support/parcels.ts";
import { recordingLogger } from "../../support/recording-logger.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { startTown } from "../../support/town.ts";
import { until } from "../../support/until.ts";

const waitMs = 60_000;
const patience = { timeoutMs: waitMs };

function asking({ host, port }: RunningService): ReturnType<typeof createGrpcTransport> {
  return createGrpcTransport({ baseUrl: `http://${host}:${port}` });
}

async function failureOf(work: Promise<unknown>): Promise<ConnectError> {
  return work.then(
    () => Promise.reject(new Error("it was meant to fail")),
    (error: unknown) => {
      if (error instanceof ConnectError) return error;
      throw error;
    },
  );
}

t.test(
  "a tell reaches the handler of a call, which answers it; also where its service starts only then",
  async (t) => {
    const { clients, start } = await startTown(t);
    const { tell } = clients.client(ParcelService);
    const first = await tell.pack({ parcelId: "a", item: "apple" });
    const service = await start({ entities: [defineParcel()] });
    t.same((await first.reply(patience)).items, 1);
    const second = await tell.pack({ parcelId: "a", item: "pear" });
    t.same((await second.reply(patience)).items, 2);
    const { items } = await createClient(ParcelService, asking(service)).getParcel({ parcelId: "a" });
    t.same(items, ["apple", "pear"]);
  },
);

t.test(
  "reply() finds the reply in another process, by the token, while it comes and afterwards",
  async (t) => {
    const town = await startTown(t);
    const other = await startTown(t);
    const { tell } = town.clients.client(ParcelService);
    const token = String(await tell.pack({ parcelId: "a", item: "apple" }));
    const early = town.clients.reply(ParcelService.method.pack, token, patience);
    await town.start({ entities: [defineParcel()] });
    t.equal((await early).items, 1);
    t.equal((await town.clients.reply(ParcelService.method.pack, token)).items, 1);
    await t.rejects(town.clients.reply(ParcelService.method.pack, "nonsense"), {
      code: "SAMSPEL_INVALID_REQUEST",
    });
    await t.rejects(other.clients.reply(ParcelService.method.pack, token, { timeoutMs: 100 }), {
      code: "SAMSPEL_DEADLINE_EXCEEDED",
      message: /its reply may come later/,
    });
    const eightDaysAgo = (Date.now() - 8 * 24 * 3_600_000).toString(36);
    const old = token.replace(/^\w+/, eightDaysAgo);
    await t.rejects(other.clients.reply(ParcelService.method.pack, old, { timeoutMs: 100 }), {
      code: "SAMSPEL_REPLY_GONE",
      message: /replies are kept for 7 days/,
    });
    const gone = new AbortController();
    const waiting = other.clients.reply(ParcelService.method.pack, token, {
      ...patience,
      signal: gone.signal,
    });
    gone.abort(new Error("enough"));
    await t.rejects(waiting, { message: "enough" });
  },
);

t.test("an id is handled once, whether it was told or asked, and however often", async (t) => {
  const { clients, start } = await startTown(t);
  let runs = 0;
  const service = await start({ entities: [defineParcel(() => void runs++)] });
  const parcels = createClient(ParcelService, asking(service));
  const request = { parcelId: "a", item: "apple" };
  const receipt = await clients.client(ParcelService).tell.pack(request, { idempotencyKey: "once" });
  t.equal((await receipt.reply(patience)).items, 1);
  await parcels.pack({ parcelId: "a", item: "other" });
  t.equal((await parcels.pack(request, commandId("once"))).items, 1, "the first reply");
  t.same((await parcels.getParcel({ parcelId: "a" })).items, ["apple", "other"]);
});

t.test("a rejection ends a tell at once: as its reply, with all details, and as a dead letter", async (t) => {
  const { clients, prefix, start } = await startTown(t);
  let runs = 0;
  await start({ entities: [defineParcel(() => void runs++)] });
  const { tell } = clients.client(ParcelService);
  const receipt = await tell.pack({ parcelId: "a", item: "vase", broken: true });
  const next = await tell.pack({ parcelId: "a", item: "apple" });
  const failure = await failureOf(receipt.reply(patience));
  t.equal(failure.code, Code.FailedPrecondition);
  t.equal(failure.rawMessage, "vase is broken");
  t.match(errorDetail(failure), { code: "SAMSPEL_REJECTED", retryable: false, metadata: { item: "vase" } });
  t.equal((await next.reply(patience)).items, 1, "what stands behind it goes on");
  t.equal(runs, 2, "one attempt each");
  const connection = await connect({ servers: natsUrl() });
  const manager = await connection.jetstreamManager();
  const letter = await manager.streams.getMessage(`${prefix}dead_letters`, {
    last_by_subj: `${prefix}dead.handler.tell.samspel.test.v1.ParcelService`,
  });
  t.match(letter.header.get("Samspel-Error"), /vase%20is%20broken|vase is broken/);
  t.equal(letter.header.get("ce-id"), receipt.id);
  t.equal(letter.header.get("Samspel-Attempts"), "1");
  await connection.close();
});

t.test("what fails is tried again, in its turn, and its key goes on behind it", async (t) => {
  const { clients, start } = await startTown(t);
  const runs: string[] = [];
  let failures = 2;
  const parcel = defineParcel((item) => {
    runs.push(item);
    if (item === "slow" && failures-- > 0) throw new Error("not yet");
  });
  const service = await start({ entities: [parcel] });
  const { tell } = clients.client(ParcelService);
  const receipts = await Promise.all(["slow", "next"].map((item) => tell.pack({ parcelId: "a", item })));
  for (const receipt of receipts) await receipt.reply(patience);
  t.same(runs, ["slow", "slow", "slow", "next"]);
  const { items } = await createClient(ParcelService, asking(service)).getParcel({ parcelId: "a" });
  t.same(items, ["slow", "next"]);
});

t.test("a handler gets the sender's headers, its trace and the id, inside the interceptors", async (t) => {
  const { clients, start } = await startTown(t);
  const seen: Record<string, string | null | undefined> = {};
  const mail = serve(MailService, {
    send: () => ({}),
    broadcast: (_, context) => {
      for (const name of ["x-tenant", "traceparent", "samspel-command-id", "x-seen"])
        seen[name] = context.requestHeader.get(name);
      seen["left"] = String((context.timeoutMs() ?? 0) > 0);
      return { times: 1 };
    },
    async *watchMail() {},
  });
  const idempotent = { ...mail, service: mail.service };
  await t.rejects(start({ name: "mail", services: [idempotent] }), {
    code: "SAMSPEL_INVALID_CONFIGURATION",
    message:
      /Method samspel\.test\.v1\.MailService\.Send says \(samspel\.v1\.deduplicated\), but its handler does not/,
  });
  await start({
    name: "mail",
    services: [{ ...mail, inbox: true }],
    interceptors: [
      (next) => (request) => {
        request.header.set("x-seen", "yes");
        return next(request);
      },
    ],
  });
  const requestHeader = new Headers({
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  });
  const within = clients.within({
    signal: new AbortController().signal,
    timeoutMs: () => 5_000,
    requestHeader,
  });
  const receipt = await within
    .client(MailService)
    .tell.broadcast({ text: "hej" }, { headers: { "X-Tenant": "north" }, idempotencyKey: "b 1" });
  t.equal((await receipt.reply(patience)).times, 1);
  t.same(seen, {
    "x-tenant": "north",
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "samspel-command-id": "b 1",
    "x-seen": "yes",
    left: "true",
  });
});

/** Mail that is written down in a table, in the transaction of its inbox. */
function postOffice(onSend: (text: string) => Promise<void> | void = () => {}): ReturnType<typeof serve> {
  return serve(
    MailService,
    {
      async send({ to, text }, { sql }) {
        await sql`create table if not exists mail (recipient text, body text)`;
        await sql`insert into mail values (${to}, ${text})`;
        await onSend(text);
        const [row] = await sql<{ sent: number }[]>`
          select count(*)::int as sent from mail where recipient = ${to}`;
        return { sent: row?.sent ?? 0 };
      },
      broadcast: () => ({}),
      async *watchMail() {},
    },
    { inbox: true },
  );
}

t.test("a plain service with an inbox carries a tell out once, though it comes twice", async (t) => {
  const { clients, prefix, start } = await startTown(t);
  const service = await start({ name: "mail", services: [postOffice()] });
  const { tell } = clients.client(MailService);
  const receipt = await tell.send({ to: "me", text: "hej" }, { idempotencyKey: "m1" });
  t.equal((await receipt.reply(patience)).sent, 1);

  // As a publisher beyond JetStream's window would: the same tell, in the same stream, once more.
  const connection = await connect({ servers: natsUrl() });
  const manager = await connection.jetstreamManager();
  const stream = `${prefix}tell_samspel_test_v1_MailService`;
  const first = await manager.streams.getMessage(stream, { seq: 1 });
  first.header.delete("Nats-Msg-Id");
  await connection.jetstream().publish(first.subject, first.data, { headers: first.header });
  await connection.close();

  const mail = createClient(MailService, asking(service));
  const next = await tell.send({ to: "me", text: "du" });
  t.equal((await next.reply(patience)).sent, 2);
  t.equal(
    (await mail.send({ to: "me", text: "hej" }, commandId("m1"))).sent,
    1,
    "a call gets the first reply, too",
  );
  t.equal((await mail.send({ to: "you", text: "hej" }, commandId("m1"))).sent, 1, "an id counts for one key");
  t.equal((await mail.send({ to: "me", text: "no id" })).sent, 3);
});

t.test("an inbox rolls back what its handler wrote when that rejects, and has no record of it", async (t) => {
  const { start } = await startTown(t);
  let isClosed = true;
  const office = postOffice(() => {
    if (isClosed) throw reject(Code.FailedPrecondition, "closed");
  });
  const service = await start({ name: "mail", services: [office] });
  const mail = createClient(MailService, asking(service));
  const failure = await failureOf(mail.send({ to: "me", text: "hej" }, commandId("m1")));
  t.equal(failure.rawMessage, "closed");
  isClosed = false;
  t.equal((await mail.send({ to: "me", text: "hej" }, commandId("m1"))).sent, 1);
});

t.test("an inbox lets one of two equal commands through that run at the same time", async (t) => {
  const { start } = await startTown(t);
  const both = Promise.withResolvers<void>();
  let running = 0;
  const office = serve(
    MailService,
    {
      async send(_, { sql }) {
        if (++running === 2) both.resolve();
        await both.promise;
        const [row] = await sql<{ n: string }[]>`select gen_random_uuid()::text as n`;
        return { sent: Number.parseInt(row?.n.slice(0, 6) ?? "0", 16) };
      },
      broadcast: () => ({}),
      async *watchMail() {},
    },
    { inbox: true },
  );
  const service = await start({ name: "mail", services: [office] });
  const mail = createClient(MailService, asking(service));
  const replies = await Promise.all([1, 2].map(() => mail.send({ to: "me", text: "hej" }, commandId("m1"))));
  t.equal(running, 2, "both handlers ran");
  t.equal(replies[0]?.sent, replies[1]?.sent, "one of them counts");
});

t.test("a tell whose reply cannot be kept comes again, and is carried out once all the same", async (t) => {
  const { clients, start } = await startTown(t);
  const proxy = await startTcpProxy(t, natsUrl());
  let runs = 0;
  const parcel = defineParcel(async () => {
    if (++runs === 1) await proxy.cut();
  });
  const { logger, lines } = recordingLogger();
  const service = await start({ entities: [parcel], natsUrl: proxy.url, logger });
  const receipt = await clients.client(ParcelService).tell.pack({ parcelId: "a", item: "apple" });
  const parcels = createClient(ParcelService, asking(service));
  for (;;) {
    const { items } = await parcels.getParcel({ parcelId: "a" });
    if (items.length > 0) break;
  }
  await proxy.restore();
  t.equal((await receipt.reply(patience)).items, 1);
  t.same((await parcels.getParcel({ parcelId: "a" })).items, ["apple"]);
  t.notOk(lines.some(({ message }) => message.includes("dead letter")));
});

t.test(
  "tells of a method that this version lacks, and what is no tell, are given up and block nobody",
  async (t) => {
    const { clients, prefix, start } = await startTown(t);
    await start({ name: "mail", services: [postOffice()] });
    const { tell } = clients.client(MailService);
    await (await tell.send({ to: "me", text: "first" })).reply(patience);
    const connection = await connect({ servers: natsUrl() });
    const manager = await connection.jetstreamManager();
    const { subject } = await manager.streams.getMessage(`${prefix}tell_samspel_test_v1_MailService`, {
      seq: 1,
    });
    await connection.jetstream().publish(subject, toBinary(SendRequestSchema, create(SendRequestSchema)));
    await connection.close();
    t.equal((await (await tell.send({ to: "me", text: "second" })).reply(patience)).sent, 2);
  },
);

t.test("records of an inbox are forgotten after their retention", async (t) => {
  const schema = testSchema(t);
  const database = await openDatabase({ url: databaseUrl(), schema, logger: silentLogger });
  t.teardown(() => database.close());
  await migrate(database);
  await database.sql`
    insert into handled (method, key, command_id, reply, recorded_at)
    select 'm', 'k', 'old' || n, ''::bytea, now() - interval '8 days' from generate_series(1, 3) n
    union all select 'm', 'k', 'new', ''::bytea, now()`;
  t.equal(await pruneHandledBatch(database, 7 * 24 * 3_600_000), 3);
  t.match(await database.sql`select command_id from handled`, [{ command_id: "new" }]);
});

t.test(
  "what commands tell reaches its handler after the commit, in order, also from a service that restarts",
  async (t) => {
    const { start } = await startTown(t);
    const shop = { name: "shop", entities: [defineOrder()] };
    const first = await start(shop);
    const orders = createClient(OrderService, asking(first));
    await orders.place({ orderId: "o", items: ["apple", "pear"] });
    await orders.place({ orderId: "o", items: ["late"], delayMs: 1_500 });
    await first.stop();
    const again = createClient(OrderService, asking(await start(shop)));
    await again.place({ orderId: "o", items: ["fig"] });
    const parcels = createClient(ParcelService, asking(await start({ entities: [defineParcel()] })));
    const items = await until(
      "all are packed",
      async () => {
        const { items } = await parcels.getParcel({ parcelId: "o" });
        return items.length === 4 && items;
      },
      waitMs,
    );
    t.same(
      items.filter((item) => item !== "late"),
      ["apple", "pear", "fig"],
    );
  },
);

t.test(
  "what an instance lacks is no attempt of the tell: it waits for the database, whatever that takes",
  async (t) => {
    const { clients, start } = await startTown(t);
    const proxy = await startTcpProxy(t, databaseUrl());
    const { logger, lines } = recordingLogger();
    await start({ entities: [defineParcel()], databaseUrl: proxy.url, logger });
    const { tell } = clients.client(ParcelService);
    await (await tell.pack({ parcelId: "a", item: "before" })).reply(patience);
    await proxy.cut();
    const receipt = await tell.pack({ parcelId: "b", item: "meanwhile" });
    await until("it was postponed twice", () => lines.some(({ times }) => times === 2), waitMs);
    await proxy.restore();
    t.equal((await receipt.reply(patience)).items, 1);
    t.notOk(lines.some(({ message }) => message === "message failed; it is tried again"));
  },
);
