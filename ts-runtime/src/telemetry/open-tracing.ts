// Spans of a part of a process that is a service to others and shares its process with what is none, such as the gateway
// in `samspel dev`: by a provider of its own, which the rest of the process does not know.
import { setTimeout as sleep } from "node:timers/promises";
import { ProxyTracerProvider } from "@opentelemetry/api";
import { createLogger, type Logger } from "./logger.ts";
import { Tracing, tracerName } from "./tracing.ts";

const sendEveryMs = 500;
const flushWithinMs = 1_000;

export interface OpenTracingOptions {
  /** What the part is called. */
  readonly service: string;
  /** The collector, by OTLP over HTTP: `http://127.0.0.1:4318`. The environment is not looked at. */
  readonly collectorUrl: string;
  /** Default: standard output. */
  readonly logger?: Logger;
  /** When the SDK is loaded, which takes a tenth of a second; no spans are made before. Default 0: at once. */
  readonly afterMs?: number;
}

export interface OwnTracing extends AsyncDisposable {
  readonly tracing: Tracing;
  /** Resolves when spans are made. */
  readonly ready: Promise<void>;
}

/** Opens tracing. When it is disposed of, what is left has been sent, or 1 s is over. */
export function openTracing(options: OpenTracingOptions): OwnTracing {
  const tracers = new ProxyTracerProvider();
  const over = new AbortController();
  const opening = open(options, over.signal);
  const ready = opening.then((provider) => {
    if (provider !== undefined) tracers.setDelegate(provider.tracers);
  });
  ready.catch(() => {});
  return {
    tracing: new Tracing(tracers.getTracer(tracerName)),
    ready,
    async [Symbol.asyncDispose]() {
      over.abort();
      const provider = await opening.catch(() => undefined);
      await provider?.close(flushWithinMs);
    },
  };
}

/** Undefined where it is not wanted any more. */
async function open(
  { service, collectorUrl, logger = createLogger({ service }), afterMs = 0 }: OpenTracingOptions,
  signal: AbortSignal,
) {
  await sleep(afterMs, undefined, { signal, ref: false }).catch(() => {});
  if (signal.aborted) return undefined;
  const { openProvider } = await import("./otlp.ts");
  return openProvider({
    service,
    version: undefined,
    logger,
    endpoint: collectorUrl,
    url: new URL("v1/traces", collectorUrl.endsWith("/") ? collectorUrl : `${collectorUrl}/`).href,
    protocol: "http/protobuf",
    sampler: "parentbased_always_on",
    ratio: 1,
    scheduleDelayMs: sendEveryMs,
    maxQueueSize: 8_192,
    maxBatchSize: 512,
  });
}
