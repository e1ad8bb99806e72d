// The development collector: what exporters send it, what it answers, and what it refuses.
import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtoExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { SimpleSpanProcessor, TracerProvider, type SpanExporter } from "@opentelemetry/sdk-trace";
import { gzipSync } from "node:zlib";
import { connect } from "node:net";
import t, { type Test } from "tap";
import {
  startCollector,
  type Collector,
  type CollectorOptions,
  type LogRecord,
} from "../../../devkit/src/collector/index.ts";
import { span, spanIdOf, traceIdOf } from "../../support/spans.ts";
import { until } from "../../support/until.ts";

async function collector(t: Test, options?: CollectorOptions): Promise<Collector> {
  const started = await startCollector(options);
  t.teardown(() => started.close());
  return started;
}

function providerOf(t: Test, service: string, exporter: SpanExporter): TracerProvider {
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": service }),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  t.teardown(() => provider.shutdown());
  return provider;
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

async function post(
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = { "content-type": "application/json" },
): Promise<Answer> {
  const response = await fetch(url, { method: "POST", body, headers });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

/** A request with spans of one service, in OTLP's JSON. */
function requestOf(spans: readonly object[], service = "cart"): string {
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: [{ key: "service.name", value: { stringValue: service } }] },
        scopeSpans: [{ spans }],
      },
    ],
  });
}

const sample = {
  traceId: traceIdOf(7),
  spanId: spanIdOf(8),
  name: "work",
  kind: 2,
  startTimeUnixNano: "1700000000000000000",
  endTimeUnixNano: "1700000000250000000",
};

const exporters = {
  "http/json": (url: string) => new JsonExporter({ url }),
  "http/protobuf": (url: string) => new ProtoExporter({ url }),
  "http/json, gzip": (url: string) => new JsonExporter({ url, compression: "gzip" as never }),
  "http/protobuf, gzip": (url: string) => new ProtoExporter({ url, compression: "gzip" as never }),
};

for (const [name, exporterOf] of Object.entries(exporters)) {
  t.test(`it takes all of a span from OpenTelemetry's own exporter: ${name}`, async (t) => {
    const { url, ...on } = await collector(t);
    const tracer = providerOf(t, "cart", exporterOf(`${url}/v1/traces`)).getTracer("test");
    const other = tracer.startSpan("other", {}, ROOT_CONTEXT);
    const parent = tracer.startSpan("cart.v1.CartService/AddItem", { kind: SpanKind.SERVER }, ROOT_CONTEXT);
    const child = tracer.startSpan(
      "reserve",
      {
        kind: SpanKind.CLIENT,
        links: [{ context: other.spanContext() }],
        attributes: { text: "å", whole: 42, part: 1.5, yes: true, list: ["a", "b"] },
        startTime: 1_700_000_000_000.5,
      },
      trace.setSpan(context.active(), parent),
    );
    child.addEvent("retry", { attempt: 2 }, 1_700_000_000_001);
    child.setStatus({ code: SpanStatusCode.ERROR, message: "no stock" });
    child.end(1_700_000_000_010.75);
    parent.end();
    const { traceId, spanId } = parent.spanContext();
    const spans = await until("both are there", () => {
      const found = on.getTrace(traceId)?.spans;
      return found?.length === 2 ? found : undefined;
    });
    t.match(
      spans.find((found) => found.spanId === spanId),
      {
        traceId,
        parentSpanId: "",
        name: "cart.v1.CartService/AddItem",
        service: "cart",
        kind: "SERVER",
        error: false,
      },
    );
    const { traceId: otherTrace, spanId: otherSpan } = other.spanContext();
    t.match(
      spans.find((found) => found.parentSpanId === spanId),
      {
        name: "reserve",
        kind: "CLIENT",
        startMs: 1_700_000_000_000.5,
        durationMs: 10.25,
        error: true,
        message: "no stock",
        links: [{ traceId: otherTrace, spanId: otherSpan }],
        attributes: { text: "å", whole: "42", part: "1.5", yes: "true", list: '["a","b"]' },
        events: [{ name: "retry", timeMs: 1_700_000_000_001, attributes: { attempt: "2" } }],
      },
    );
  });
}

t.test("it takes log records, hands each on, and takes metrics without keeping them", async (t) => {
  const { url, onLog } = await collector(t);
  const heard: LogRecord[] = [];
  onLog((record) => void heard.push(record));
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "billing" } }] };
  const logRecords = [
    {
      timeUnixNano: "1700000000000000000",
      severityNumber: 13,
      body: { stringValue: "low on paper" },
      attributes: [
        { key: "tray", value: { kvlistValue: { values: [{ key: "n", value: { intValue: "2" } }] } } },
      ],
      traceId: sample.traceId,
    },
  ];
  const body = JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] });
  t.match(await post(`${url}/v1/logs`, body), { status: 200, text: "{}" });
  t.same(heard, [
    {
      timeMs: 1_700_000_000_000,
      service: "billing",
      level: "warn",
      message: "low on paper",
      attributes: { tray: '{"n":2}' },
      traceId: sample.traceId,
    },
  ]);
  t.match(await post(`${url}/v1/metrics`, "{}"), { status: 200, text: "{}" });
});

t.test("spans without ids or times are rejected one by one, and the sender is told why", async (t) => {
  const { url, listTraces } = await collector(t);
  const spans = [
    sample,
    { ...sample, spanId: spanIdOf(0) },
    { ...sample, traceId: "x".repeat(32) },
    { ...sample, startTimeUnixNano: "yesterday" },
  ];
  const { status, text } = await post(`${url}/v1/traces`, requestOf(spans));
  t.equal(status, 200);
  t.same(JSON.parse(text), {
    partialSuccess: {
      rejectedSpans: "3",
      errorMessage: "spanId of a span must be 16 hexadecimal digits, not all 0",
    },
  });
  t.match(listTraces(), [{ spans: 1, durationMs: 250 }]);
});

t.test(
  "what is no OTLP request is refused with a status and a reason, and nothing of it is kept",
  async (t) => {
    const { url, listTraces } = await collector(t);
    const traces = `${url}/v1/traces`;
    const json = { "content-type": "application/json" };
    const protobuf = { "content-type": "application/x-protobuf" };
    const refused = async (work: Promise<Answer>, status: number, reason: RegExp): Promise<void> => {
      const answer = await work;
      t.equal(answer.status, status, String(reason));
      t.match(JSON.parse(answer.text), { message: reason });
    };
    await refused(post(traces, "no json"), 400, /no JSON/);
    await refused(post(traces, "[]"), 400, /must be an object/);
    await refused(post(traces, '{"resourceSpans": 5}'), 400, /resourceSpans must be a list/);
    await refused(
      post(traces, requestOf([{ ...sample, attributes: [7] }])),
      400,
      /attribute must be an object/,
    );
    await refused(post(traces, "{}", { "content-type": "text/plain" }), 415, /Content-Type/);
    await refused(post(traces, "{}", { ...json, "content-encoding": "br" }), 415, /Content-Encoding/);
    await refused(post(traces, "{}", { ...json, "content-encoding": "gzip" }), 400, /is not gzip/);
    await refused(post(traces, Uint8Array.of(0x0a, 0xff, 0x01, 1), protobuf), 400, /longer than the body/);
    await refused(post(traces, Uint8Array.of(0x08, 1), protobuf), 400, /wrong wire type/);
    await refused(post(traces, Uint8Array.of(0xff, 0xff), protobuf), 400, /protobuf/);
    await refused(post(`${url}/v1/secrets`, "{}"), 404, /OTLP collector/);
    await refused(post(`${url}/v1/__proto__`, "{}"), 404, /OTLP collector/);
    const get = await fetch(traces);
    t.equal(get.status, 405);
    t.equal(get.headers.get("allow"), "POST");
    const bomb = new Uint8Array(gzipSync(Buffer.alloc(64 * 1024 * 1024)));
    await refused(post(traces, bomb, { ...json, "content-encoding": "gzip" }), 413, /at most/);
    t.same(listTraces(), []);
  },
);

t.test("a body that is too large is not read to its end, and its sender is told (R1, R2)", async (t) => {
  const { url } = await collector(t);
  const { port } = new URL(url);
  const socket = connect(Number(port), "127.0.0.1");
  t.teardown(() => socket.destroy());
  socket.on("error", () => {});
  socket.write(
    "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
  );
  let answer = "";
  socket.on("data", (data) => void (answer += data.toString()));
  let isClosed = false;
  socket.on("close", () => void (isClosed = true));
  const chunk = Buffer.alloc(1024 * 1024, " ");
  await until("it has had enough", () => {
    if (isClosed) return true;
    socket.write(`${chunk.length.toString(16)}\r\n`);
    socket.write(chunk);
    socket.write("\r\n");
    return undefined;
  });
  t.match(answer, /^HTTP\/1.1 413 /);
});

t.test("values that nest too deep, or are too long, cost no more than what is kept of them", async (t) => {
  const { url, getTrace } = await collector(t);
  let nested: object = { stringValue: "x" };
  for (let depth = 0; depth < 1_000; depth++) nested = { arrayValue: { values: [nested] } };
  const attributes = [
    { key: "nested", value: nested },
    { key: "long", value: { stringValue: "y".repeat(100_000) } },
    { key: "__proto__", value: { stringValue: "polluted" } },
    ...Array.from({ length: 1_000 }, (_, index) => ({ key: `k${index}`, value: { intValue: index } })),
  ];
  t.match(await post(`${url}/v1/traces`, requestOf([{ ...sample, attributes }])), { status: 200 });
  const kept = getTrace(sample.traceId)?.spans[0]?.attributes ?? {};
  t.equal(Object.keys(kept).length, 128);
  t.equal(kept["long"]?.length, 4_097);
  t.match(kept["nested"], /^\[+"…"\]+$/);
  t.equal(Object.getPrototypeOf(kept), Object.prototype);
});

t.test("a flood leaves the latest traces, whole, within the bounds", async (t) => {
  const { record, listTraces, getTrace } = await collector(t, { maxSpans: 100 });
  record([span({ trace: 1, id: 1 }), span({ trace: 1, id: 2 })]);
  for (let trace = 2; trace <= 200; trace++)
    record([1, 2, 3].map((id) => span({ trace, id: trace * 10 + id })));
  const kept = listTraces({ limit: 1_000 });
  t.equal(kept.length, 33);
  t.ok(kept.every(({ spans }) => spans === 3));
  t.equal(getTrace(traceIdOf(1)), undefined);
  t.ok(getTrace(traceIdOf(200)));
});

t.test("a trace without end does not drive out the others", async (t) => {
  const { record, getTrace } = await collector(t, { maxSpans: 100 });
  record([span({ trace: 1, id: 1 })]);
  for (let id = 2; id < 500; id++) record([span({ trace: 2, id })]);
  t.ok(getTrace(traceIdOf(1)));
  t.equal(getTrace(traceIdOf(2))?.spans.length, 50);
});

t.test("bytes are bounded, too", async (t) => {
  const { record, listTraces } = await collector(t, { maxBytes: 100_000 });
  for (let trace = 1; trace <= 100; trace++)
    record([span({ trace, id: trace, attributes: { text: "x".repeat(4_000) } })]);
  t.ok(listTraces({ limit: 1_000 }).length < 25);
});

t.test("a late span joins its trace, and one that is sent again is one", async (t) => {
  const { record, listTraces } = await collector(t);
  record([span({ trace: 1, id: 2, parent: 1, startMs: 1_000 })]);
  t.match(listTraces(), [{ name: "span 2", spans: 1 }]);
  record([span({ trace: 2, id: 9, startMs: 2_000 }), span({ trace: 1, id: 2, parent: 1, startMs: 1_000 })]);
  record([span({ trace: 1, id: 1, startMs: 990, durationMs: 100, service: "gateway", error: true })]);
  t.match(listTraces(), [
    { traceId: traceIdOf(2) },
    {
      traceId: traceIdOf(1),
      name: "span 1",
      service: "gateway",
      startMs: 990,
      durationMs: 100,
      spans: 2,
      errors: 1,
      services: ["cart", "gateway"],
    },
  ]);
});

t.test("listTraces() filters by service, text, errors and duration", async (t) => {
  const { record, listTraces } = await collector(t);
  record([
    span({ trace: 1, id: 1, name: "Checkout", startMs: 3_000 }),
    span({
      trace: 2,
      id: 2,
      service: "billing",
      attributes: { "samspel.entity.id": "Cart-7" },
      startMs: 2_000,
    }),
    span({ trace: 3, id: 3, error: true, durationMs: 500, startMs: 1_000 }),
  ]);
  const found = (filter: Parameters<typeof listTraces>[0]): readonly number[] =>
    listTraces(filter).map(({ traceId }) => Number(traceId));
  t.same(found({}), [1, 2, 3]);
  t.same(found({ service: "billing" }), [2]);
  t.same(found({ text: "checkOUT" }), [1]);
  t.same(found({ text: "cart-7" }), [2]);
  t.same(found({ errors: true }), [3]);
  t.same(found({ minDurationMs: 500 }), [3]);
  t.same(found({ limit: 2 }), [1, 2]);
});

t.test("onChange() hears of many spans at once, and not after it was stopped", async (t) => {
  const { record, onChange } = await collector(t);
  let heard = 0;
  const stop = onChange(() => void heard++);
  for (let id = 1; id <= 100; id++) record([span({ id })]);
  await until("it is told", () => heard > 0);
  t.equal(heard, 1);
  stop();
  let others = 0;
  onChange(() => void others++);
  record([span({ id: 101 })]);
  await until("another is told", () => others > 0);
  t.equal(heard, 1);
});

t.test("startCollector() says when the port is taken, and close() lets go of it", async (t) => {
  const first = await startCollector();
  const port = Number(new URL(first.url).port);
  await t.rejects(startCollector({ port }), { code: "EADDRINUSE" });
  await first.close();
  await (await startCollector({ port })).close();
});
