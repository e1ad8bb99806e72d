// What is measured of appends: how many, how they ended, how many went together and how long they took.
import { createCounter, createHistogram, isMeasured } from "../telemetry/index.ts";
import type { AppendResult } from "./journal.ts";

/** Is told of each group that the database answered; `startedAtMs` is of `performance.now()`. */
export interface AppendMetrics {
  /** All of them were appended. */
  appended(count: number, startedAtMs: number): void;
  /** Each was judged by itself. */
  judged(results: readonly AppendResult[], startedAtMs: number): void;
}

export function createAppendMetrics(): AppendMetrics {
  if (!isMeasured()) return { appended: () => {}, judged: () => {} };
  const appends = createCounter("samspel.journal.appends");
  const batchSize = createHistogram("samspel.journal.append.batch.size");
  const duration = createHistogram("samspel.journal.append.duration");
  const answered = (size: number, startedAtMs: number): void => {
    batchSize(size);
    duration((performance.now() - startedAtMs) / 1_000);
  };
  return {
    appended(count, startedAtMs) {
      appends(count, { "samspel.append.outcome": "appended" });
      answered(count, startedAtMs);
    },
    judged(results, startedAtMs) {
      const counts = { appended: 0, conflict: 0, duplicate: 0, gone: 0 };
      for (const { type } of results) counts[type]++;
      for (const [outcome, count] of Object.entries(counts)) {
        if (count > 0) appends(count, { "samspel.append.outcome": outcome });
      }
      answered(results.length, startedAtMs);
    },
  };
}
