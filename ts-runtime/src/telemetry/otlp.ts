// The SDK of OpenTelemetry, set up for a service. Imported when it is wanted: it takes some 50 ms to load.
import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type Sampler,
  type SpanExporter,
} from "@opentelemetry/sdk-trace";
import { redactUrl } from "@samspel/registry/redact-url";
import type { ExportSettings } from "./export-settings.ts";
import type { Logger } from "./logger.ts";
import { quietExporter } from "./quiet-exporter.ts";
import { endsWithin } from "../resilience/index.ts";

export interface ProviderOptions extends Omit<ExportSettings, "serviceName"> {
  /** Where spans go, whatever the environment says; else `endpoint` is what that says. */
  readonly url?: string;
  readonly service: string;
  readonly version: string | undefined;
  readonly logger: Logger;
}

/** A provider that runs. */
export interface Provider {
  readonly tracers: Pick<TracerProvider, "getTracer">;
  /** Sends what is left, and gives up after so long. */
  close(withinMs: number): Promise<void>;
}

/** Opens a provider, and registers it for the process. */
export async function openGlobalProvider(options: ProviderOptions): Promise<Provider> {
  const provider = await openProvider(options);
  trace.setGlobalTracerProvider(provider.tracers);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  propagation.setGlobalPropagator(
    new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
  );
  return provider;
}

/** Opens a provider that only those know who are given it. */
export async function openProvider(options: ProviderOptions): Promise<Provider> {
  const { service, version, logger } = options;
  const exporter = quietExporter(await openExporter(options), redactUrl(options.endpoint), logger);
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(detectResources({ detectors: [envDetector] }))
      .merge(
        resourceFromAttributes({
          "service.name": service,
          ...(version === undefined ? {} : { "service.version": version }),
        }),
      ),
    sampler: samplerOf(options),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        scheduledDelayMillis: options.scheduleDelayMs,
        maxQueueSize: options.maxQueueSize,
        maxExportBatchSize: options.maxBatchSize,
      }),
    ],
  });
  return {
    tracers: provider,
    async close(withinMs) {
      await endsWithin(
        provider.shutdown().catch(() => {}),
        withinMs,
      );
    },
  };
}

/** The exporters read their endpoint, headers, timeout and compression from the environment by themselves. */
async function openExporter({ protocol, url }: ProviderOptions): Promise<SpanExporter> {
  const { OTLPTraceExporter } =
    protocol === "http/json"
      ? await import("@opentelemetry/exporter-trace-otlp-http")
      : await import("@opentelemetry/exporter-trace-otlp-proto");
  return new OTLPTraceExporter(url === undefined ? {} : { url });
}

function samplerOf({ sampler, ratio }: ProviderOptions): Sampler {
  const root = rootSampler(sampler, ratio);
  return sampler.startsWith("parentbased_") ? new ParentBasedSampler({ root }) : root;
}

function rootSampler(name: string, ratio: number): Sampler {
  if (name.endsWith("always_on")) return new AlwaysOnSampler();
  return name.endsWith("always_off") ? new AlwaysOffSampler() : new TraceIdRatioBasedSampler(ratio);
}
