// What is measured of the outbox.
import type { HeldRange } from "../cluster/index.ts";
import type { Database } from "../postgres/index.ts";
import { createCounter, isMeasured, observeGauge } from "../telemetry/index.ts";
import { outboxState } from "./outbox-state.ts";

export interface OutboxMetrics extends Disposable {
  published(stream: string): void;
  failed(stream: string, kind: "broker" | "message"): void;
  /** The gauges are told by who holds range 0, so that the sum over all instances counts once. */
  holds(held: readonly HeldRange[]): void;
}

const unmeasured: OutboxMetrics = {
  published: () => {},
  failed: () => {},
  holds: () => {},
  [Symbol.dispose]: () => {},
};

export function createOutboxMetrics({ database }: { readonly database: Database }): OutboxMetrics {
  if (!isMeasured()) return unmeasured;
  const published = createCounter("samspel.outbox.messages");
  const failures = createCounter("samspel.outbox.failures");
  let isTeller = false;
  const observe = async (of: (waiting: number, oldestMs: number) => number): Promise<number | undefined> => {
    if (!isTeller) return undefined;
    const state = await outboxState(database).catch(() => undefined);
    if (state === undefined) return undefined;
    const { streams } = state;
    return of(
      streams.reduce((sum, { waiting }) => sum + waiting, 0),
      Math.max(0, ...streams.map(({ oldestMs }) => oldestMs)),
    );
  };
  const gauges = [
    observeGauge("samspel.outbox.waiting", {}, () => observe((waiting) => waiting)),
    observeGauge("samspel.outbox.age", {}, () => observe((_, oldestMs) => oldestMs / 1_000)),
  ];
  return {
    published: (stream) => published(1, { "messaging.destination.name": stream }),
    failed: (stream, kind) => failures(1, { "messaging.destination.name": stream, "error.type": kind }),
    holds(held) {
      isTeller = held.some(({ range }) => range === 0);
    },
    [Symbol.dispose]() {
      for (const gauge of gauges) gauge[Symbol.dispose]();
    },
  };
}
