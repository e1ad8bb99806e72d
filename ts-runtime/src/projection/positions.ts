// How far a build has come, range by range, and what it has not seen yet.
//
// A range without events saves its checkpoint now and then only. So whether a build has passed a place is not asked of
// its checkpoints alone, but of the journal: is there an event of its entities behind them that is not behind the place?
import type { Position } from "../journal/index.ts";
import { plainArray, type Sql, type TransactionSql } from "../postgres/index.ts";

/** As many as the work over the journal has. */
export const rangeCount = 16;

const rangeNumbers: readonly number[] = Array.from({ length: rangeCount }, (_, range) => range);
const start: Position = { tx: 0n, sequence: 0n };

/** A position for each of the ranges. */
export type RangePositions = readonly Position[];

export interface Work {
  /** See `workName`. */
  readonly name: string;
  /** Whether it is one range, in the journal's order. */
  readonly journalOrder: boolean;
}

/** The range of a slice, as the work divides it. */
export function rangeOfSlice({ journalOrder }: Pick<Work, "journalOrder">, slice: number): number {
  return journalOrder ? 0 : slice >> 6;
}

/** Where a work may have checkpoints: in each range, and, from before there were ranges, as a whole. */
export function checkpointNames(work: string): readonly string[] {
  return [work, ...rangeNumbers.map((range) => `${work}#${range}`)];
}

/** The checkpoints of a work, whether somebody runs it or not. */
export async function loadPositions(
  sql: Sql | TransactionSql,
  { name, journalOrder }: Work,
): Promise<RangePositions> {
  const rows = await sql<{ name: string; tx: bigint; position: bigint }[]>`
    select name, tx, position from checkpoint where name = any(${sql.array([...checkpointNames(name)])})`;
  const found = new Map(rows.map((row) => [row.name, { tx: row.tx, sequence: row.position }]));
  const whole = found.get(name) ?? start;
  return rangeNumbers.map((range) => found.get(`${name}#${journalOrder ? 0 : range}`) ?? whole);
}

export function isAtOrBefore(a: Position, b: Position): boolean {
  return a.tx === b.tx ? a.sequence <= b.sequence : a.tx < b.tx;
}

export function leastOf(positions: RangePositions): Position {
  return positions.reduce((least, position) => (isAtOrBefore(position, least) ? position : least));
}

export function greatestOf(positions: RangePositions): Position {
  return positions.reduce((greatest, position) => (isAtOrBefore(greatest, position) ? position : greatest));
}

export interface Outstanding {
  readonly position: Position;
  readonly recordedAt: Date;
}

/** The first event that lies behind `from` and not behind `upTo`; undefined where all of them were seen. */
export async function firstOutstanding(
  sql: Sql | TransactionSql,
  {
    entityTypes,
    from,
    upTo,
  }: { readonly entityTypes: readonly string[]; readonly from: RangePositions; readonly upTo: RangePositions },
): Promise<Outstanding | undefined> {
  const least = leastOf(from);
  const greatest = greatestOf(upTo);
  const txs = (positions: RangePositions): string => plainArray(positions.map(({ tx }) => tx));
  const sequences = (positions: RangePositions): string =>
    plainArray(positions.map(({ sequence }) => sequence));
  const [event] = await sql<{ tx: bigint; position: bigint; recorded_at: Date }[]>`
    select tx, position, recorded_at from event
    where (tx, position) > (${sql.types.xid8(least.tx)}, ${least.sequence})
      and (tx, position) <= (${sql.types.xid8(greatest.tx)}, ${greatest.sequence})
      and entity_type = any(${sql.array([...entityTypes])})
      and (tx, position) > ((${txs(from)}::text::xid8[])[(slice >> 6) + 1], (${sequences(from)}::text::bigint[])[(slice >> 6) + 1])
      and (tx, position) <= ((${txs(upTo)}::text::xid8[])[(slice >> 6) + 1], (${sequences(upTo)}::text::bigint[])[(slice >> 6) + 1])
    order by tx, position limit 1`;
  return event && { position: { tx: event.tx, sequence: event.position }, recordedAt: event.recorded_at };
}

/** All ranges at one place. */
export function everywhere(position: Position): RangePositions {
  return rangeNumbers.map(() => position);
}
