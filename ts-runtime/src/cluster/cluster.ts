// Work that the instances of a service share. The work is divided into ranges of slices; each range has a lease of its
// own, and who holds it works on the range alone.
//
// Invariants:
//   L1. The epoch of a lease grows with each new holder and never goes back; what a holder writes is checked against
//       it, so that one who still believes after its time changes nothing (T4).
//   L2. A holder stops believing by its own clock before the database lets another one in. Times are compared by the
//       database alone, so clocks may differ.
//   L3. A release lets the next one in at once; a death after the time to live.
//   L4. A member that fails at its work leaves the members for the time of its backoff, so that another instance, which
//       may be newer, tries it.
//   L5. Statements of one cluster run one after the other. So no renewal that is under way revives what was let go of.

/** A range that this instance holds, and the epoch that fences who held it before (L1). */
export interface HeldRange {
  /** 0 to 15; 0 where the work is not divided. */
  readonly range: number;
  readonly epoch: bigint;
}

/**
 * The work on some ranges, for as long as `signal` has not aborted; it must end soon after. It may fail or end before;
 * then it begins again, with backoff.
 */
export type SharedWork = (held: readonly HeldRange[], signal: AbortSignal) => Promise<void>;

export interface ShareOptions {
  /** What the work is called, the same on all instances. */
  readonly name: string;
  /** Default 16. With 1 all is one lease: one instance at a time, in the journal's whole order. */
  readonly ranges?: 1 | 16;
  readonly signal: AbortSignal;
}

/** A lease that somebody holds, for who only looks. */
export interface LeaseState {
  /** Of the work. */
  readonly name: string;
  readonly range: number;
  readonly owner: string;
  readonly epoch: bigint;
  readonly expiresInMs: number;
}

/** One per process and database; one pulse renews all its leases. */
export interface Cluster extends AsyncDisposable {
  /** This process, as others see it: what was given, and a random end. */
  readonly instance: string;
  /**
   * Runs `work` with the ranges that fall to this instance, anew when they change. Several times at once for one name is
   * a TypeError. Resolves after `signal` aborts and the work has ended, with the leases released (L3).
   */
  share(options: ShareOptions, work: SharedWork): Promise<void>;
  /**
   * Asks the database whether nobody has taken these leases of a divided work from this instance.
   * @throws SAMSPEL_LEASE_LOST where somebody has.
   */
  confirm(name: string, held: readonly HeldRange[]): Promise<void>;
  /** All leases that are held now, of all instances. */
  leases(): Promise<readonly LeaseState[]>;
  /** Ends the pulse. End the works first: what is still shared then is taken over when its time is over. */
  close(): Promise<void>;
}
