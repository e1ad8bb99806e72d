// A place in the journal's total order (J4): first the writing transaction, then the place within it.

export interface Position {
  /** The 64-bit id of the transaction that wrote the event. */
  readonly tx: bigint;
  /** The event's number; it grows within a transaction. */
  readonly sequence: bigint;
}

/** Before the first event. */
export const startPosition: Position = { tx: 0n, sequence: 0n };

/** Negative, zero or positive, as for `Array.prototype.sort`. */
export function comparePositions(a: Position, b: Position): number {
  if (a.tx !== b.tx) return a.tx < b.tx ? -1 : 1;
  if (a.sequence !== b.sequence) return a.sequence < b.sequence ? -1 : 1;
  return 0;
}

/** A position as text, such as `7421-13`. */
export function encodePosition({ tx, sequence }: Position): string {
  return `${tx}-${sequence}`;
}
