// Metrics, through the API of OpenTelemetry alone. Who runs a service sets up an SDK before it starts; without one
// nothing is measured, and nothing is spent on it.
import { createNoopMeter, metrics, type Meter } from "@opentelemetry/api";
import {
  instruments,
  type AttributeName,
  type CounterName,
  type GaugeName,
  type HistogramName,
} from "./instruments.ts";

type Attributes = Readonly<Partial<Record<AttributeName, string>>>;

/** Takes a value of a counter or a histogram. */
export type Measure = (value: number, attributes?: Attributes) => void;

function meter(): Meter {
  return metrics.getMeter("@samspel/runtime");
}

/** Whether anybody measures. Asked when a part is made: the API has no way to hear of an SDK that comes later. */
export function isMeasured(): boolean {
  return meter() !== createNoopMeter();
}

export function createCounter(name: CounterName): Measure {
  const { unit, description } = instruments[name];
  const counter = meter().createCounter(name, { unit, description });
  return (value, attributes) => counter.add(value, attributes);
}

export function createHistogram(name: HistogramName): Measure {
  const { unit, description, boundaries = [] } = instruments[name];
  const advice = { explicitBucketBoundaries: [...boundaries] };
  const histogram = meter().createHistogram(name, { unit, description, advice });
  return (value, attributes) => histogram.record(value, attributes);
}

/**
 * Observes a gauge each time that metrics are collected, until it is disposed of. `observe` gives undefined where
 * nothing can be said, and must not throw.
 */
export function observeGauge(
  name: GaugeName,
  attributes: Attributes,
  observe: () => number | undefined | Promise<number | undefined>,
): Disposable {
  const { unit, description } = instruments[name];
  const gauge = meter().createObservableGauge(name, { unit, description });
  const callback: Parameters<typeof gauge.addCallback>[0] = async (result) => {
    const value = await observe();
    if (value !== undefined) result.observe(value, attributes);
  };
  gauge.addCallback(callback);
  return { [Symbol.dispose]: () => gauge.removeCallback(callback) };
}
