// How a trace travels without an SDK, and with one that has no propagator.
import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { TracerProvider } from "@opentelemetry/sdk-trace";
import t from "tap";
import { startExport } from "./export.ts";
import { createLogger } from "./logger.ts";
import { contextOfEvent, eventTrace, extractTrace, injectTrace, tracePassedOnFrom } from "./propagation.ts";
import { createTracing } from "./tracing.ts";

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const all = { traceparent, tracestate: "a=b", baggage: "tenant=blue" };

t.test("without an SDK no spans are made, and what came is handed on", async (t) => {
  t.equal(createTracing(), undefined);
  t.same(tracePassedOnFrom(new Headers(all)), all);
  t.equal(eventTrace(new Headers({ "x-other": "1" })), undefined);
  t.equal(eventTrace(new Headers({ traceparent: "00-nonsense" })), undefined);
  t.same(eventTrace(new Headers(all)), { traceparent, tracestate: "a=b" }, "baggage is not kept with events");
  t.equal(contextOfEvent({}), undefined);
});

t.test("an SDK without a propagator speaks W3C all the same, and drops what is malformed", async (t) => {
  trace.setGlobalTracerProvider(new TracerProvider());
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  t.teardown(() => {
    trace.disable();
    context.disable();
    propagation.disable();
  });
  const parent = extractTrace(new Headers(all));
  t.match(trace.getSpanContext(parent), { traceId: traceparent.slice(3, 35), isRemote: true, traceFlags: 1 });
  t.equal(trace.getSpanContext(extractTrace(new Headers({ traceparent: `${traceparent}-more` }))), undefined);
  const span = createTracing()?.start({ type: "server", name: "s", parent });
  const headers = new Headers({ traceparent: "old", tracestate: "old" });
  if (span !== undefined) injectTrace(span.context, headers);
  t.match(headers.get("traceparent"), /^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
  t.not(headers.get("traceparent"), traceparent);
  t.equal(headers.get("tracestate"), "a=b", "that of the trace, not what stood there");
  span?.within(() =>
    t.same(
      eventTrace(new Headers(all)),
      { traceparent: headers.get("traceparent"), tracestate: "a=b" },
      "the active one counts",
    ),
  );
});

t.test("startExport() leaves a process alone that has a provider of its own", async (t) => {
  trace.setGlobalTracerProvider(new TracerProvider());
  t.teardown(() => trace.disable());
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318" };
  const logger = createLogger({ service: "cart", level: "silent" });
  t.equal(await startExport({ service: "cart", version: undefined, logger, environment }), undefined);
});
