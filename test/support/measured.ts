// A meter of OpenTelemetry in a test's process, and what it counted.
import { metrics } from "@opentelemetry/api";
import { MeterProvider, MetricReader, type MetricData } from "@opentelemetry/sdk-metrics";
import type { Test } from "tap";
import { instruments } from "../../ts-runtime/src/telemetry/instruments.ts";

export interface Measured {
  /** The points of a metric, which are as the table of instruments says. */
  points(name: keyof typeof instruments): Promise<MetricData["dataPoints"]>;
}

/** Registers an SDK for the process; do it before anything else is made. */
export function measureProcess(t: Test): Measured {
  const reader = new Reader(t);
  const provider = new MeterProvider({ readers: [reader] });
  metrics.setGlobalMeterProvider(provider);
  t.teardown(() => provider.shutdown());
  return reader;
}

class Reader extends MetricReader implements Measured {
  readonly #t: Test;

  constructor(t: Test) {
    super();
    this.#t = t;
  }

  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}

  async points(name: keyof typeof instruments): Promise<MetricData["dataPoints"]> {
    const { resourceMetrics, errors } = await this.collect();
    if (errors.length > 0) throw errors[0];
    const all = resourceMetrics.scopeMetrics.flatMap(({ scope, metrics }) =>
      scope.name === "@samspel/runtime" ? metrics : [],
    );
    const found = all.find(({ descriptor }) => descriptor.name === name);
    if (found === undefined) return [];
    const { unit, description } = instruments[name];
    this.#t.match(found.descriptor, { unit, description });
    for (const { attributes } of found.dataPoints) {
      for (const attribute of Object.keys(attributes)) {
        this.#t.ok(
          instruments[name].attributes.some((known) => known === attribute),
          `${attribute} is in the table`,
        );
      }
    }
    return found.dataPoints;
  }
}
