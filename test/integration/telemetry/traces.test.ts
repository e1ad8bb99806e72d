// What an SDK of OpenTelemetry sees of calls, commands, tells, topics, projections and timers: one trace (A3).
import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { Code, ConnectError } from "@connectrpc/connect";
import { project, publish, reject, serve, subscribe, topic } from "@samspel/runtime";
import t, { type Test } from "tap";
import { CounterService, CounterTopics } from "../../gen/samspel/test/v1/counter_pb.ts";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";
import { MailService, OrderService, ParcelService } from "../../gen/samspel/test/v1/parcel_pb.ts";
import { ReminderService } from "../../gen/samspel/test/v1/reminder_pb.ts";
import { openDatabase } from "../../../ts-runtime/src/postgres/index.ts";
import { defineCounter } from "../../support/counter.ts";
import { databaseUrl } from "../../support/environment.ts";
import { defineOrder, defineParcel } from "../../support/parcels.ts";
import { defineReminder } from "../../support/reminder.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { startTown } from "../../support/town.ts";
import { traceProcess, unlisted } from "../../support/traced.ts";
import { until } from "../../support/until.ts";

const traced = traceProcess();
const tracer = trace.getTracer("test");
const waitMs = 60_000;

/** Runs work in a span of the test's own, and waits until its trace is what it is to be. */
async function hasTree(t: Test, expected: string, work: () => Promise<unknown>): Promise<void> {
  const root = tracer.startSpan("test", {}, ROOT_CONTEXT);
  const { traceId } = root.spanContext();
  await context.with(trace.setSpan(ROOT_CONTEXT, root), work);
  await until("the trace is whole", () => traced.tree(traceId) === expected, waitMs).catch(() => {});
  t.equal(traced.tree(traceId), expected);
}

t.test("a call, a tell of its effect, and what that does are one trace", async (t) => {
  const { start, clients } = await startTown(t);
  await start({ entities: [defineOrder(), defineParcel()] });
  await hasTree(
    t,
    `CLIENT samspel.test.v1.OrderService/Place
  SERVER samspel.test.v1.OrderService/Place
    INTERNAL order place
      INTERNAL append order
      PRODUCER relay tell_samspel_test_v1_ParcelService
        CONSUMER process tell.samspel.test.v1.ParcelService
          INTERNAL parcel pack
            INTERNAL append parcel`,
    () => clients.client(OrderService).place({ orderId: "o", items: ["apple"] }),
  );
});

t.test("an event, its message, the subscription's calls and the projection are one trace", async (t) => {
  const { start, clients } = await startTown(t);
  const counter = defineCounter();
  const seen: string[] = [];
  await start({
    entities: [counter, defineParcel()],
    topics: [
      publish(CounterTopics.method.changed, counter, {
        incremented: ({ amount }, { entityId, state }) => ({
          counterId: entityId,
          value: state.value,
          delta: amount,
        }),
      }),
    ],
    subscriptions: [
      ({ client }) =>
        subscribe(CounterTopics.method.changed, {
          group: "packers",
          async handler({ counterId }, { headers }) {
            seen.push(headers.get("baggage") ?? "none");
            await client(ParcelService).pack({ parcelId: counterId, item: "number" });
          },
        }),
    ],
    projections: [project("counted", counter, { events: { incremented: () => {} } })],
  });
  await hasTree(
    t,
    `CLIENT samspel.test.v1.CounterService/Increment
  SERVER samspel.test.v1.CounterService/Increment
    INTERNAL counter increment
      INTERNAL append counter
      INTERNAL project counted
      PRODUCER publish samspel.test.v1.CounterTopics.Changed
        CONSUMER process samspel.test.v1.CounterTopics.Changed
          CLIENT samspel.test.v1.ParcelService/Pack
            SERVER samspel.test.v1.ParcelService/Pack
              INTERNAL parcel pack
                INTERNAL append parcel`,
    () => clients.client(CounterService).increment({ counterId: "c", amount: 1n }),
  );
  t.same(seen, ["none"], "baggage is not kept in the journal");
});

t.test(
  "tells and messages of a service's own, straight or through the outbox, continue the trace",
  async (t) => {
    const { start, clients } = await startTown(t);
    const got: string[] = [];
    await start({
      entities: [defineParcel()],
      topics: [topic(CounterTopics.method.changed)],
      subscriptions: [
        subscribe(CounterTopics.method.changed, {
          group: "readers",
          handler: ({ counterId }, { headers }) => void got.push(`${counterId} ${headers.get("baggage")}`),
        }),
      ],
      services: [
        serve(
          MailService,
          ({ clientsWithin, topic: topicOf }) => ({
            async send({ to }, callContext) {
              const { sql: tx } = callContext;
              const { tell } = clientsWithin(callContext).client(ParcelService);
              const changed = topicOf(CounterTopics.method.changed);
              await tell.pack({ parcelId: to, item: "straight" });
              await changed.publish({ counterId: "straight" });
              await tell.pack({ parcelId: to, item: "stored" }, { outbox: tx });
              await changed.publish({ counterId: "stored" }, { tx });
              return { sent: 1 };
            },
            broadcast: () => ({}),
            // oxlint-disable-next-line require-yield
            async *watchMail() {},
          }),
          { inbox: true },
        ),
      ],
    });
    const baggage = propagation.createBaggage({ tenant: { value: "blue" } });
    const pack = (indent: string): string =>
      `${indent}CONSUMER process tell.samspel.test.v1.ParcelService
${indent}  INTERNAL parcel pack
${indent}    INTERNAL append parcel`;
    await hasTree(
      t,
      `CLIENT samspel.test.v1.MailService/Send
  SERVER samspel.test.v1.MailService/Send
    PRODUCER publish samspel.test.v1.CounterTopics.Changed
      CONSUMER process samspel.test.v1.CounterTopics.Changed
    PRODUCER relay samspel_test_v1_CounterTopics_Changed
      CONSUMER process samspel.test.v1.CounterTopics.Changed
    PRODUCER tell samspel.test.v1.ParcelService/Pack
${pack("      ")}
    PRODUCER tell samspel.test.v1.ParcelService/Pack
      PRODUCER relay tell_samspel_test_v1_ParcelService
${pack("        ")}`,
      () =>
        context.with(propagation.setBaggage(context.active(), baggage), () =>
          clients.client(MailService).send({ to: "p" }),
        ),
    );
    t.same(got.toSorted(), ["stored tenant=blue", "straight tenant=blue"]);
  },
);

/** How calls of a method ended, on both sides; the server's first. */
function endsOf(method: string): readonly object[] {
  return traced
    .spans()
    .filter(({ name }) => name === `samspel.test.v1.EchoService/${method}`)
    .toSorted((a, b) => a.kind - b.kind)
    .map(({ kind, attributes, status, events }) => ({
      kind: SpanKind[kind],
      code: attributes["rpc.grpc.status_code"],
      type: attributes["error.type"],
      failed: status.code === SpanStatusCode.ERROR,
      events: events.map(({ name, attributes: about }) => about?.["exception.message"] ?? name),
    }));
}

t.test("how a call ended is in both of its spans, and streams have one until they end", async (t) => {
  const { start, clients } = await startTown(t);
  await start({
    services: [
      serve(EchoService, {
        echo: () => {
          throw new ConnectError("no", Code.FailedPrecondition);
        },
        echoOnce: () => {
          throw new Error("broken");
        },
        async *echoMany({ text, count }) {
          for (let index = 0; index < count; index++) {
            trace.getActiveSpan()?.addEvent(`echo ${index}`);
            yield { text };
          }
        },
        async echoJoined(requests) {
          for await (const _ of requests);
          throw reject(Code.ResourceExhausted, "enough", { reason: "ENOUGH" });
        },
        async *echoEach(requests) {
          for await (const { text } of requests) {
            yield { text };
            await new Promise(() => {});
          }
        },
      }),
    ],
  });
  const client = clients.client(EchoService);
  const ended = async (method: string): Promise<readonly object[]> =>
    until(`both spans of ${method} ended`, () => endsOf(method).length >= 2 && endsOf(method));

  for await (const _ of client.echoMany({ text: "a", count: 3 }));
  const good = { code: 0, type: undefined, failed: false };
  t.same(await ended("EchoMany"), [
    { kind: "SERVER", ...good, events: ["echo 0", "echo 1", "echo 2"] },
    { kind: "CLIENT", ...good, events: [] },
  ]);
  await t.rejects(client.echo({ text: "a" }));
  t.same(await ended("Echo"), [
    { kind: "SERVER", code: 9, type: "FailedPrecondition", failed: false, events: [] },
    { kind: "CLIENT", code: 9, type: "FailedPrecondition", failed: true, events: [] },
  ]);
  await t.rejects(client.echoOnce({ text: "a" }));
  t.same(await ended("EchoOnce"), [
    { kind: "SERVER", code: 13, type: "Internal", failed: true, events: ["broken"] },
    { kind: "CLIENT", code: 13, type: "Internal", failed: true, events: [] },
  ]);
  async function* once(): AsyncGenerator<{ text: string }> {
    yield { text: "a" };
  }
  async function* texts(): AsyncGenerator<{ text: string }> {
    yield { text: "a" };
    await new Promise(() => {});
  }
  await t.rejects(client.echoJoined(once()));
  t.same(await ended("EchoJoined"), [
    { kind: "SERVER", code: 8, type: "ENOUGH", failed: false, events: [] },
    { kind: "CLIENT", code: 8, type: "ENOUGH", failed: true, events: [] },
  ]);
  for await (const _ of client.echoEach(texts())) break;
  t.same(await ended("EchoEach"), [
    { kind: "SERVER", code: 1, type: "Canceled", failed: false, events: [] },
    { kind: "CLIENT", code: 1, type: "Canceled", failed: true, events: [] },
  ]);
});

t.test("a timer that fires is in the trace that scheduled it, and its event continues that", async (t) => {
  const { start, clients } = await startTown(t);
  await start({ entities: [defineReminder()] });
  await hasTree(
    t,
    `CLIENT samspel.test.v1.ReminderService/Plan
  SERVER samspel.test.v1.ReminderService/Plan
    INTERNAL reminder plan
      INTERNAL append reminder
      INTERNAL timer tea
        INTERNAL reminder ring
          INTERNAL append reminder`,
    () => clients.client(ReminderService).plan({ reminderId: "r", name: "tea", afterMs: 1, note: "now" }),
  );
});

t.test("a timer that a timer scheduled begins a trace with a link, so that none is endless", async (t) => {
  const { start, clients } = await startTown(t);
  await start({ entities: [defineReminder({ winds: true })] });
  await clients.client(ReminderService).plan({ reminderId: "r", name: "first", afterMs: 1, note: "now" });
  const again = await until(
    "it fires again",
    () => traced.spans().find(({ name }) => name === "timer again"),
    waitMs,
  );
  t.equal(again.parentSpanContext, undefined);
  const first = traced.spans().find(({ name }) => name === "timer first");
  t.not(again.spanContext().traceId, first?.spanContext().traceId);
  const rings = traced.spans().filter(({ name, parentSpanContext }) => {
    return name === "reminder ring" && parentSpanContext?.spanId === first?.spanContext().spanId;
  });
  t.same(
    again.links.map(({ context }) => context.spanId),
    rings.map((ring) => ring.spanContext().spanId),
  );
});

t.test("a timer from before its trace was kept begins one", async (t) => {
  const { start, clients, schema } = await startTown(t);
  await start({ entities: [defineReminder()] });
  const plan = { reminderId: "r", name: "old", afterMs: 3_600_000, note: "now" };
  await clients.client(ReminderService).plan(plan);
  const database = await openDatabase({
    url: databaseUrl(),
    schema,
    maxConnections: 1,
    logger: silentLogger,
  });
  t.teardown(() => database.close());
  await database.sql`update timer set metadata = null, due_at = now(), next_at = now()`;
  const fired = await until(
    "it fires",
    () => traced.spans().find(({ name }) => name === "timer old"),
    waitMs,
  );
  t.equal(fired.parentSpanContext, undefined);
  t.same(fired.links, []);
});

t.test("a batch of one trace is its child, and one of several has links to them", async (t) => {
  const { start, clients } = await startTown(t);
  const published = () => traced.spans().filter(({ name }) => name.startsWith("publish ")).length;
  let handled = published();
  let isOver = false;
  const counter = defineCounter();
  await start({
    entities: [counter],
    topics: [
      publish(CounterTopics.method.changed, counter, {
        incremented: ({ amount }, { entityId, state }) => ({
          counterId: entityId,
          value: state.value,
          delta: amount,
        }),
      }),
    ],
    subscriptions: [
      subscribe(CounterTopics.method.changed, {
        group: "batches",
        maxBatch: 10,
        // Others gather meanwhile.
        batch: () =>
          until("more are published", () => isOver || published() > handled + 3, waitMs).then(
            () => (handled = published()),
          ),
      }),
    ],
  });
  const client = clients.client(CounterService);
  const batches = () =>
    traced
      .spans()
      .filter(({ attributes }) => attributes["messaging.consumer.group.name"] === "batches")
      .map((span) => ({ ...span, count: Number(span.attributes["messaging.batch.message_count"]) }));
  const seen = await until(
    "there was a batch of one and a batch of several",
    async () => {
      await client.increment({ counterId: "c", amount: 1n });
      const found = batches();
      return found.some(({ count }) => count === 1) && found.some(({ count }) => count > 1) && found;
    },
    waitMs,
  ).finally(() => (isOver = true));
  for (const { count, links, parentSpanContext } of seen) {
    t.equal(links.length, count === 1 ? 0 : count);
    t.equal(parentSpanContext !== undefined, count === 1);
  }
});

t.test("a page of several traces has links to them, and a span in each", async (t) => {
  const { start, clients } = await startTown(t);
  const counter = defineCounter();
  const hold = Promise.withResolvers<void>();
  await start({
    entities: [counter],
    projections: [project("paged", counter, { events: { incremented: () => hold.promise } })],
  });
  const client = clients.client(CounterService);
  const increment = () => client.increment({ counterId: "c", amount: 1n });
  const projected = () => traced.spans().filter(({ name }) => name === "project paged");
  // The page of the first one is held while the others gather behind it; a page that is read ahead may come between.
  await increment();
  await increment();
  for (let number = 0; number < 5; number++) await increment();
  hold.resolve();
  const sharesOf = () => projected().filter(({ parentSpanContext }) => parentSpanContext !== undefined);
  const shares = await until("all are applied", () => sharesOf().length === 7 && sharesOf(), waitMs);
  const pages = projected().filter(({ parentSpanContext }) => parentSpanContext === undefined);
  t.ok(pages.length > 0);
  for (const page of pages) {
    t.ok(page.links.length > 1);
    for (const { context: cause } of page.links) {
      const share = shares.find(({ parentSpanContext }) => parentSpanContext?.spanId === cause.spanId);
      t.same(
        share?.links.map((link) => link.context.spanId),
        [page.spanContext().spanId],
      );
      t.equal(share?.attributes["samspel.events"], 1);
    }
  }
});

t.test("what is not sampled makes no spans, and its trace goes on all the same", async (t) => {
  const { start, clients } = await startTown(t);
  const heard: string[] = [];
  await start({
    entities: [
      defineOrder(),
      defineParcel(
        (_, parcelId) => void heard.push(`${parcelId} ${trace.getActiveSpan()?.spanContext().traceId}`),
      ),
    ],
  });
  const before = traced.spans().length;
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  await clients
    .client(OrderService)
    .place(
      { orderId: "dark", items: ["apple"] },
      { headers: { traceparent: `00-${traceId}-b7ad6b7169203331-00` } },
    );
  await until("the parcel is told", () => heard.length > 0, waitMs);
  t.same(heard, [`dark ${traceId}`]);
  t.equal(traced.spans().length, before);
});

t.test("traces.md's table has all spans that there were, with their attributes", async (t) => {
  const ours = traced
    .spans()
    .filter(({ instrumentationScope }) => instrumentationScope.name === "@samspel/runtime");
  t.ok(ours.length > 50);
  t.same(ours.flatMap(unlisted), []);
});
