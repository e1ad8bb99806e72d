// An SDK of OpenTelemetry in a test's process, and what it saw.
import { context, propagation, SpanKind, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
  type ReadableSpan,
  type Sampler,
} from "@opentelemetry/sdk-trace";
import { spanTypes } from "../../ts-runtime/src/telemetry/span-types.ts";

export interface Traced {
  /** What ended. */
  spans(): readonly ReadableSpan[];
  /** The spans of the runtime in the trace of this span, one a line, children indented, siblings by name. */
  tree(traceId: string): string;
}

/** Registers an SDK for the process; do it before anything else is made. */
export function traceProcess(sampler?: Sampler): Traced {
  const exporter = new InMemorySpanExporter();
  trace.setGlobalTracerProvider(
    new TracerProvider({
      spanProcessors: [new SimpleSpanProcessor({ exporter })],
      ...(sampler === undefined ? {} : { sampler }),
    }),
  );
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  propagation.setGlobalPropagator(
    new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
  );
  return {
    spans: () => exporter.getFinishedSpans(),
    tree(traceId) {
      const all = exporter.getFinishedSpans().filter((span) => span.spanContext().traceId === traceId);
      const ids = new Set(all.map((span) => span.spanContext().spanId));
      const lines = (parents: readonly ReadableSpan[], indent: string): readonly string[] =>
        parents
          .toSorted((a, b) => a.name.localeCompare(b.name))
          .flatMap((span) => [
            `${indent}${SpanKind[span.kind]} ${span.name}`,
            ...lines(
              all.filter((child) => child.parentSpanContext?.spanId === span.spanContext().spanId),
              `${indent}  `,
            ),
          ]);
      const roots = all.filter((span) => !ids.has(span.parentSpanContext?.spanId ?? ""));
      return lines(roots, "").join("\n");
    },
  };
}

/** What is in a span of the runtime and not in the table of spans. */
export function unlisted({ name, kind, attributes }: ReadableSpan): readonly string[] {
  const fits = Object.values(spanTypes).filter(
    (type) => type.kind === kind && patternOf(type.name).test(name),
  );
  if (fits.length === 0) return [`${SpanKind[kind]} ${name}`];
  return Object.keys(attributes).filter(
    (attribute) => !fits.some((type) => type.attributes.some((known) => known === attribute)),
  );
}

/** A name of the table as a pattern: what stands in angles may be anything. */
function patternOf(name: string): RegExp {
  return new RegExp(`^${name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll(/<[^>]*>/g, ".+")}$`);
}
