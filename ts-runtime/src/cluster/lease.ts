// A lease: the right to do some work alone, until a time by the database's clock.
//
// Invariants:
//   L1. The epoch grows with each new holder and never goes back; what a holder writes is checked against it, so
//       that one who still believes after its time changes nothing (T4).
//   L2. A holder stops believing by its own clock before the database lets another one in.
//   L3. A release lets the next one in at once; a death after the time to live.
import type { Database } from "../postgres/index.ts";

export interface LeaseOptions {
  readonly database: Database;
  /** What the work is called; one holder per name and schema. */
  readonly name: string;
  /** Who asks: unique per process, for people who look into the table. */
  readonly owner: string;
  /** A dead holder's work is taken over after so long. Default 10,000 ms; renewed every third of it. */
  readonly ttlMs?: number;
  /** Ends the waiting, and the lease's own signal; what was acquired still wants its release. */
  readonly signal: AbortSignal;
}

/** A lease that this process holds. */
export interface Lease extends AsyncDisposable {
  readonly name: string;
  /** Fences what earlier holders may still write (L1). */
  readonly epoch: bigint;
  /** Aborts when the lease is lost, with SAMSPEL_LEASE_LOST, or when the option `signal` does. */
  readonly signal: AbortSignal;
  /** Lets the next one in at once (L3). Stop the work first. */
  release(): Promise<void>;
}
