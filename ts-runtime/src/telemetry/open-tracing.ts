// Spans of a part of a process that is a service to others and shares its process with what is none, such as the gateway
// in `samspel dev`: by a provider of its own, which the rest of the process does not know.
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
}

export interface OwnTracing extends AsyncDisposable {
  readonly tracing: Tracing;
}

/** Opens tracing. When it is disposed of, what is left has been sent, or 1 s is over. */
export async function openTracing(options: OpenTracingOptions): Promise<OwnTracing> {
  const { service, collectorUrl, logger = createLogger({ service }) } = options;
  const { openProvider } = await import("./otlp.ts");
  const provider = await openProvider({
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
  return {
    tracing: new Tracing(provider.tracers.getTracer(tracerName)),
    [Symbol.asyncDispose]: () => provider.close(flushWithinMs),
  };
}
