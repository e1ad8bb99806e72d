// What is measured of an entity type: its commands and how they ended, its recoveries, and how many are in memory.
import { isExpected, SamspelError } from "../errors/index.ts";
import { createHistogram, isMeasured, observeGauge } from "../telemetry/index.ts";

export interface EntityMetrics extends Disposable {
  /** Measures a command until it is settled; gives its promise back. */
  command<T>(command: string, running: Promise<T>): Promise<T>;
  /** To be told of each recovery; `startedAtMs` is of `performance.now()`. */
  recovered(startedAtMs: number): void;
}

const unmeasured: EntityMetrics = {
  command: (_, running) => running,
  recovered: () => {},
  [Symbol.dispose]: () => {},
};

/** The metrics of a type; `countLive` says how many of it are in memory. */
export function createEntityMetrics(entityType: string, countLive: () => number): EntityMetrics {
  if (!isMeasured()) return unmeasured;
  const type = { "samspel.entity.type": entityType };
  const commandDuration = createHistogram("samspel.entity.command.duration");
  const recoveryDuration = createHistogram("samspel.entity.recovery.duration");
  const live = observeGauge("samspel.entity.live", type, countLive);
  return {
    command(command, running) {
      const startedAtMs = performance.now();
      const ended = (outcome: string, error?: string): void =>
        commandDuration((performance.now() - startedAtMs) / 1_000, {
          ...type,
          "samspel.command": command,
          "samspel.command.outcome": outcome,
          ...(error === undefined ? {} : { "error.type": error }),
        });
      running.then(
        () => ended("replied"),
        (error: unknown) => ended(isRejection(error) ? "rejected" : "failed", errorType(error)),
      );
      return running;
    },
    recovered: (startedAtMs) => recoveryDuration((performance.now() - startedAtMs) / 1_000, type),
    [Symbol.dispose]: () => live[Symbol.dispose](),
  };
}

/** A handler's "no", as against a failure. */
function isRejection(error: unknown): boolean {
  return error instanceof SamspelError ? error.code === "SAMSPEL_REJECTED" : isExpected(error);
}

/** Of few values, as each is a series of its own. */
function errorType(error: unknown): string {
  if (error instanceof SamspelError) return error.code;
  return error instanceof Error ? error.name : "_OTHER";
}
