// Keeps one piece of work running somewhere: on the instance that holds its lease.
import { backoff } from "../resilience/index.ts";
import { holdLease } from "./hold-lease.ts";
import type { LeaseOptions } from "./lease.ts";

/**
 * The work, for as long as the lease is held. It must end soon after `signal` aborts. It may end or fail before; then
 * the lease is released and all begins again.
 */
export type LeasedWork = (signal: AbortSignal, epoch: bigint) => Promise<void>;

/** A work that ran for so long before it failed is not punished for earlier failures. */
const soundAfterMs = 30_000;

/** The fifth failure in a row, 1.5 s after the first at the most, is no accident: the log calls it an error. */
const stuckAfter = 5;

/**
 * Tries for the lease until it is held, does the work until the lease is lost or the work fails, and begins again,
 * with backoff: 0.1, 0.2, 0.4 … 5 s. Resolves when `signal` has aborted, the work has ended and the lease is released.
 */
export async function runUnderLease(options: LeaseOptions, work: LeasedWork): Promise<void> {
  const { database, name, signal } = options;
  let failures = 0;
  while (!signal.aborted) {
    const lease = await holdLease(options);
    if (lease === undefined) return;
    const startedAtMs = performance.now();
    try {
      await using held = lease;
      await work(held.signal, held.epoch);
      failures = 0;
    } catch (error) {
      if (lease.signal.aborted) continue;
      failures = performance.now() - startedAtMs > soundAfterMs ? 1 : failures + 1;
      const level = failures < stuckAfter ? "warn" : "error";
      database.logger[level](
        { err: error, lease: name, failures },
        "work under a lease failed: it starts again",
      );
    }
    await backoff(Math.max(1, failures), signal);
  }
}
