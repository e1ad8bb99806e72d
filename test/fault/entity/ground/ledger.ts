// What clients of counters know for certain: what they sent, when, and what they were told.

/** One increment. Its amount is unique, so that its event can be told from all others. */
export interface Increment {
  readonly counterId: string;
  readonly amount: bigint;
  readonly commandId: string | undefined;
  readonly sentAtMs: number;
  readonly outcome: Outcome;
}

export type Outcome =
  /** Told that it counts, and the value of the counter with it. */
  | { readonly type: "acknowledged"; readonly value: bigint; readonly atMs: number }
  /** Told that nothing was written. */
  | { readonly type: "refused"; readonly code: string }
  /** Told nothing, or that nobody knows. */
  | { readonly type: "unknown"; readonly code: string };

/** An answer to how much a counter is. */
export interface Read {
  readonly counterId: string;
  readonly value: bigint;
  readonly sentAtMs: number;
  readonly atMs: number;
}

export interface Ledger {
  readonly increments: readonly Increment[];
  readonly reads: readonly Read[];
  /** How often each failure was seen, by its code; those of attempts that were repeated too. */
  readonly failures: ReadonlyMap<string, number>;
  /** The longest that a call took. */
  readonly slowestMs: number;
}

/** The books of several storms together. */
export function together(ledgers: readonly Ledger[]): Ledger {
  const failures = new Map<string, number>();
  for (const [code, count] of ledgers.flatMap((ledger) => [...ledger.failures]))
    failures.set(code, (failures.get(code) ?? 0) + count);
  return {
    increments: ledgers.flatMap(({ increments }) => increments),
    reads: ledgers.flatMap(({ reads }) => reads),
    failures,
    slowestMs: Math.max(...ledgers.map(({ slowestMs }) => slowestMs)),
  };
}

export function acknowledged({ increments }: Ledger): number {
  return increments.filter(({ outcome }) => outcome.type === "acknowledged").length;
}
