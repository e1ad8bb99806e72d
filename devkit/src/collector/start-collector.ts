import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type {
  Collector,
  CollectorOptions,
  LogRecord,
  Span,
  TraceSummary,
  TrafficReport,
} from "./collector.ts";
import { orderSpans } from "./order-spans.ts";
import { createReceiver } from "./receive.ts";
import { createSpanStore, type StoredTrace } from "./span-store.ts";
import { matches, summarize } from "./summarize.ts";
import { createTrafficLog } from "./traffic.ts";

const tellEveryMs = 100;
const reportFreshMs = 200;
const minuteMs = 60_000;
/** What an exporter takes for one request; a connection that sends slower holds memory for nothing. */
const requestTimeoutMs = 30_000;

/**
 * Starts a collector. It listens on the loopback and takes what comes: `host` must not be an address that others reach.
 * @throws Error of Node where the port cannot be had.
 */
export async function startCollector(options: CollectorOptions = {}): Promise<Collector> {
  const { host = "127.0.0.1", port = 0, maxSpans = 20_000, maxBytes = 64 * 1024 * 1024 } = options;
  const store = createSpanStore({ maxSpans, maxBytes });
  const traffic = createTrafficLog();
  const summaries = new WeakMap<StoredTrace, TraceSummary>();
  const reports = new Map<number, { readonly atMs: number; readonly report: TrafficReport }>();
  const changeListeners = new Set<() => void>();
  const logListeners = new Set<(record: LogRecord) => void>();
  let telling: NodeJS.Timeout | undefined;

  const tell = (): void => {
    if (changeListeners.size === 0) return;
    telling ??= setTimeout(() => {
      telling = undefined;
      for (const listener of changeListeners) listener();
    }, tellEveryMs).unref();
  };
  const record = (spans: readonly Span[]): void => {
    if (spans.length === 0) return;
    for (const span of spans) {
      store.add(span);
      traffic.add(span);
      const trace = store.traces.get(span.traceId);
      if (trace !== undefined) summaries.delete(trace);
    }
    tell();
  };
  const summaryOf = (trace: StoredTrace): TraceSummary => {
    const known = summaries.get(trace);
    if (known !== undefined) return known;
    const summary = summarize(trace);
    summaries.set(trace, summary);
    return summary;
  };

  const server = createServer(
    { requestTimeout: requestTimeoutMs, headersTimeout: requestTimeoutMs },
    createReceiver({
      spans: record,
      logs(records) {
        for (const listener of logListeners) for (const one of records) listener(one);
      },
    }),
  );
  const bound = await listen(server, host, port);

  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}`,
    listTraces(filter = {}) {
      const { limit = 100 } = filter;
      const newestFirst = [...store.traces.values()]
        .map((trace) => ({ trace, summary: summaryOf(trace) }))
        .toSorted((a, b) => b.summary.startMs - a.summary.startMs);
      const found: TraceSummary[] = [];
      for (const { trace, summary } of newestFirst) {
        if (found.length >= limit) break;
        if (matches(filter, summary, trace)) found.push(summary);
      }
      return found;
    },
    getTrace(traceId) {
      const trace = store.traces.get(traceId.toLowerCase());
      return trace && { traceId: trace.traceId, spans: orderSpans(trace.spans.values()) };
    },
    traffic(windowMs = minuteMs) {
      const known = reports.get(windowMs);
      const nowMs = performance.now();
      if (known !== undefined && nowMs - known.atMs < reportFreshMs) return known.report;
      const report = traffic.report(windowMs);
      reports.clear();
      reports.set(windowMs, { atMs: nowMs, report });
      return report;
    },
    record,
    onChange: (listener) => listenIn(changeListeners, listener),
    onLog: (listener) => listenIn(logListeners, listener),
    async close() {
      clearTimeout(telling);
      changeListeners.clear();
      logListeners.clear();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      store.clear();
      traffic.clear();
    },
  };
}

/** The same function may listen twice; each is stopped on its own. */
function listenIn<T extends unknown[]>(
  listeners: Set<(...args: T) => void>,
  listener: (...args: T) => void,
): () => void {
  const own = (...args: T): void => listener(...args);
  listeners.add(own);
  return () => void listeners.delete(own);
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      const address = server.address();
      resolve(isInfo(address) ? address.port : port);
    });
  });
}

function isInfo(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === "object" && address !== null;
}
