// The deadline of one call, across all its attempts (C1).
import { toConnectError, SamspelError } from "../errors/index.ts";
import type { ConnectError } from "@connectrpc/connect";

export interface Deadline {
  /** What is left, in milliseconds; undefined for a call without a deadline. `nowMs` is `performance.now()` by default. */
  leftMs(nowMs?: number): number | undefined;
  readonly isOver: boolean;
  /** The error of a call whose deadline is over. */
  error(method: string): ConnectError;
}

/** A timeout is sent in whole milliseconds, and Node's timers count in them: each may end a call a little early. */
const earlyMs = 2;

class TimedDeadline implements Deadline {
  readonly #timeoutMs: number | undefined;
  readonly #startedMs = performance.now();

  constructor(timeoutMs: number | undefined) {
    this.#timeoutMs = timeoutMs;
  }

  leftMs(nowMs: number = performance.now()): number | undefined {
    return this.#timeoutMs === undefined ? undefined : this.#startedMs + this.#timeoutMs - nowMs;
  }

  get isOver(): boolean {
    const left = this.leftMs();
    return left !== undefined && left <= earlyMs;
  }

  error(method: string): ConnectError {
    return toConnectError(
      new SamspelError(
        "SAMSPEL_DEADLINE_EXCEEDED",
        `${method} did not answer within ${Math.round(this.#timeoutMs ?? 0)} ms`,
      ),
    );
  }
}

/** @param timeoutMs from now; undefined for none. */
export function createDeadline(timeoutMs: number | undefined): Deadline {
  return new TimedDeadline(timeoutMs);
}
