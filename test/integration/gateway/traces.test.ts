// What a trace shows of a gateway: the request that came, the call that went on, and what the service did, as one (A3).
import { once } from "node:events";
import { createClient } from "@connectrpc/connect";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { openTracing } from "@samspel/runtime/proxy";
import { startCollector, type Span } from "samspel";
import t from "tap";
import { WebSocket } from "ws";
import { LibraryService } from "../../gen/samspel/test/v1/library_pb.ts";
import { startLibrary, startTestGateway } from "../../support/library.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { traceProcess, unlisted } from "../../support/traced.ts";
import { until } from "../../support/until.ts";

// A service in this process makes spans by the process's provider, as it would in its own.
const traced = traceProcess();
const { gateway, at, registryUrl } = await startLibrary(t);
const method = "samspel.test.v1.LibraryService/GetShelf";

let requests = 0;

/** A trace that somebody outside has begun. */
function outside(): { readonly traceId: string; readonly headers: Readonly<Record<string, string>> } {
  const traceId = (++requests).toString(16).padStart(32, "0");
  return {
    traceId,
    headers: { traceparent: `00-${traceId}-00000000000000aa-01`, tracestate: "shop=7", baggage: "who=ann" },
  };
}

const baseUrl = gateway.url;
const clients = {
  grpc: createClient(LibraryService, createGrpcTransport({ baseUrl })),
  "grpc-web": createClient(LibraryService, createGrpcWebTransport({ baseUrl, httpVersion: "1.1" })),
  connect: createClient(LibraryService, createConnectTransport({ baseUrl, httpVersion: "2" })),
};

for (const [protocol, client] of Object.entries(clients)) {
  t.test(
    `${protocol}: a request, the call that goes on and its answer are in the caller's trace`,
    async (t) => {
      const { traceId, headers } = outside();
      await client.getShelf({ shelfId: "a" }, { headers });
      const expected = `SERVER POST /${method}\n  CLIENT ${method}\n    SERVER ${method}`;
      await until("the trace is whole", () => traced.tree(traceId) === expected).catch(() => {});
      t.equal(traced.tree(traceId), expected);
      const [span] = traced
        .spans()
        .filter(({ name }) => name === `POST /${method}`)
        .slice(-1);
      t.match(span?.attributes, {
        "http.request.method": "POST",
        "http.route": `/${method}`,
        "url.path": `/${method}`,
        "url.scheme": "http",
        "http.response.status_code": 200,
        "client.address": "127.0.0.1",
        "network.protocol.version": protocol === "grpc-web" ? "1.1" : "2",
        "samspel.protocol": protocol,
      });
      t.equal(span?.parentSpanContext?.spanId, "00000000000000aa");
      t.same(span && unlisted(span), []);
    },
  );
}

t.test("REST: the route is the template, and the query is nowhere", async (t) => {
  const { traceId, headers } = outside();
  const response = await fetch(at("/v1/shelves/a?theme=secret"), { headers });
  t.equal(response.status, 200);
  const expected = `SERVER GET /v1/shelves/{shelf_id}\n  CLIENT ${method}\n    SERVER ${method}`;
  await until("the trace is whole", () => traced.tree(traceId) === expected).catch(() => {});
  t.equal(traced.tree(traceId), expected);
  const spans = traced.spans().filter((span) => span.spanContext().traceId === traceId);
  t.notMatch(JSON.stringify(spans.map(({ attributes }) => attributes)), /secret/);
});

t.test("a WebSocket is one request, which ends with it", async (t) => {
  const { traceId, headers } = outside();
  const name = "samspel.test.v1.LibraryService/Chat";
  const socket = new WebSocket(`${baseUrl.replace("http", "ws")}/${name}`, "samspel.json", { headers });
  t.teardown(() => socket.terminate());
  await once(socket, "open");
  socket.send(JSON.stringify({ end: {} }));
  await once(socket, "close");
  const expected = `SERVER GET /${name}\n  CLIENT ${name}\n    SERVER ${name}`;
  await until("the trace is whole", () => traced.tree(traceId) === expected).catch(() => {});
  t.equal(traced.tree(traceId), expected);
});

t.test("failures of the system fail the span, those of the caller are told in it", async (t) => {
  const spanOf = async (work: (headers: Readonly<Record<string, string>>) => Promise<unknown>) => {
    const { traceId, headers } = outside();
    await work(headers);
    const own = () => traced.spans().filter((span) => span.spanContext().traceId === traceId);
    const spans = await until("its spans have ended", () => own().length === 3 && own());
    const request = spans.find(({ name }) => name !== method);
    const call = spans.find(({ kind }) => kind === SpanKind.CLIENT);
    return {
      type: request?.attributes["error.type"],
      failed: request?.status.code === SpanStatusCode.ERROR,
      code: call?.attributes["rpc.grpc.status_code"],
    };
  };
  const grpc = (shelfId: string) => (headers: Readonly<Record<string, string>>) =>
    t.rejects(clients.grpc.getShelf({ shelfId }, { headers }));
  t.same(await spanOf(grpc("none")), { type: "not_found", failed: false, code: 5 });
  t.same(await spanOf(grpc("broken")), { type: "internal", failed: true, code: 13 });
  const rest = (path: string) => (headers: Readonly<Record<string, string>>) => fetch(at(path), { headers });
  t.same(await spanOf(rest("/v1/shelves/none")), { type: "not_found", failed: false, code: 5 });
  t.same(await spanOf(rest("/v1/shelves/broken")), { type: "internal", failed: true, code: 13 });
});

t.test("a trace that is not sampled, and what reaches no method, make no spans", async (t) => {
  const { traceId, headers } = outside();
  const traceparent = `00-${traceId}-00000000000000aa-00`;
  await clients.grpc.getShelf({ shelfId: "a" }, { headers: { ...headers, traceparent } });
  await fetch(at("/no/such/path"), { headers });
  await fetch(at("/healthz"), { headers });
  t.same(
    traced.spans().filter((span) => span.spanContext().traceId === traceId),
    [],
  );
});

t.test(
  "with a tracer of its own, it is seen where the process is not, and is the one who calls",
  async (t) => {
    const { url, getTrace, traffic, close } = await startCollector();
    t.teardown(() => close());
    const own = openTracing({ service: "gateway", collectorUrl: url, logger: silentLogger });
    t.teardown(() => own[Symbol.asyncDispose]());
    const second = await startTestGateway(t, registryUrl, { tracing: own.tracing });
    await own.ready;
    const { traceId, headers } = outside();
    // Where it has no such method yet, there is no span.
    await until("it has the method", async () => {
      return (await fetch(`${second.url}/v1/shelves/a`, { headers })).ok;
    });
    const spans = await until("the collector has its spans", () => {
      const found: readonly Span[] = getTrace(traceId)?.spans ?? [];
      return found.length === 2 && found;
    });
    t.match(spans, [
      {
        service: "gateway",
        kind: "SERVER",
        name: "GET /v1/shelves/{shelf_id}",
        parentSpanId: "00000000000000aa",
      },
      { service: "gateway", kind: "CLIENT", name: method, parentSpanId: spans[0]?.spanId },
    ]);
    t.match(traffic(60_000).edges, [
      { source: "gateway", kind: "ask", subject: "samspel.test.v1.LibraryService" },
    ]);
    const served = await until("the service has answered", () =>
      traced.spans().find((span) => span.spanContext().traceId === traceId),
    );
    t.match(served, { name: method, parentSpanContext: { spanId: spans[1]?.spanId } });
    t.equal(
      served.parentSpanContext?.traceState?.serialize(),
      "shop=7",
      "what others said of the trace goes on",
    );
  },
);
