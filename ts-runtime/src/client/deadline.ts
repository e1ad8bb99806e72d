// The deadline of one call, across all its attempts (C1).
import { toConnectError, SamspelError } from "../errors/index.ts";
import type { ConnectError } from "@connectrpc/connect";

export interface Deadline {
  /** What is left, in milliseconds; undefined for a call without a deadline. */
  leftMs(): number | undefined;
  readonly isOver: boolean;
  /** The error of a call whose deadline is over. */
  error(method: string): ConnectError;
}

/** A timeout is sent in whole milliseconds, and Node's timers count in them: each may end a call a little early. */
const earlyMs = 2;

/** @param timeoutMs from now; undefined for none. */
export function createDeadline(timeoutMs: number | undefined): Deadline {
  const endMs = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
  const leftMs = (): number | undefined => (endMs === undefined ? undefined : endMs - performance.now());
  return {
    leftMs,
    get isOver() {
      const left = leftMs();
      return left !== undefined && left <= earlyMs;
    },
    error: (method) =>
      toConnectError(
        new SamspelError(
          "SAMSPEL_DEADLINE_EXCEEDED",
          `${method} did not answer within ${Math.round(timeoutMs ?? 0)} ms`,
        ),
      ),
  };
}
