// How far a build has come, range by range, and what it has not seen yet.
//
// A range without events saves its checkpoint now and then only. So whether a build has passed a place is not asked of
// its checkpoints alone, but of the journal: is there an event of its entities behind them that is not behind the place?
import { rangeCount, rangeName, rangeOf } from "../cluster/index.ts";
import {
  comparePositions,
  encodePosition,
  startPosition,
  type JournalEvent,
  type Position,
} from "../journal/index.ts";
import { readBuild, workName, type Build } from "./builds.ts";
import { plainArray, textArray, type Sql, type TransactionSql } from "../postgres/index.ts";

const rangeNumbers: readonly number[] = Array.from({ length: rangeCount }, (_, range) => range);

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
  return journalOrder ? 0 : rangeOf(slice);
}

/** Where a work may have checkpoints: in each range, or as a whole. */
export function checkpointNames(work: string): readonly string[] {
  return [work, ...rangeNumbers.map((range) => rangeName(work, range))];
}

/** The checkpoints of a work, whether somebody runs it or not. */
export async function loadPositions(
  sql: Sql | TransactionSql,
  { name, journalOrder }: Work,
): Promise<RangePositions> {
  const rows = await sql<{ name: string; tx: bigint; position: bigint }[]>`
    select name, tx, position from checkpoint where name = any(${textArray(checkpointNames(name))}::text[])`;
  const found = new Map(rows.map((row) => [row.name, { tx: row.tx, sequence: row.position }]));
  const whole = found.get(name) ?? startPosition;
  if (journalOrder) return everywhere(whole);
  return rangeNumbers.map((range) => greatestOf([found.get(rangeName(name, range)) ?? startPosition, whole]));
}

/** Where a build of a projection stands. */
export async function buildPositions(
  sql: Sql | TransactionSql,
  projection: string,
  generation: number,
): Promise<RangePositions> {
  const build = await readBuild(sql, projection, generation);
  return loadPositions(sql, {
    name: workName(projection, generation),
    journalOrder: build?.journal_order === true,
  });
}

/** As it stands in `projection_build.replay`. */
export function encodePositions(positions: RangePositions): readonly string[] {
  return positions.map(encodePosition);
}

/** Up to where events are history for a build; undefined where none are. */
export function replayOf(build: Build | undefined): RangePositions | undefined {
  return build?.replay?.map((text) => {
    const [tx = "0", sequence = "0"] = text.split("-");
    return { tx: BigInt(tx), sequence: BigInt(sequence) };
  });
}

/** Whether an event is history for a build. */
export function isHistory(
  replay: RangePositions | undefined,
  { slice, position }: Pick<JournalEvent, "slice" | "position">,
): boolean {
  const end = replay?.[rangeOf(slice)];
  return end !== undefined && isAtOrBefore(position, end);
}

export function isAtOrBefore(a: Position, b: Position): boolean {
  return comparePositions(a, b) <= 0;
}

function leastOf(positions: RangePositions): Position {
  return positions.reduce((least, position) => (isAtOrBefore(position, least) ? position : least));
}

export function greatestOf(positions: RangePositions): Position {
  return positions.reduce((greatest, position) => (isAtOrBefore(greatest, position) ? position : greatest));
}

export interface Outstanding {
  readonly position: Position;
  readonly recordedAt: Date;
}

export interface Between {
  readonly entityTypes: readonly string[];
  readonly from: RangePositions;
  readonly upTo: RangePositions;
}

/** The first event that lies behind `from` and not behind `upTo`; undefined where all of them were seen. */
export async function firstOutstanding(
  sql: Sql | TransactionSql,
  between: Between,
): Promise<Outstanding | undefined> {
  const [event] = await sql<{ tx: bigint; position: bigint; recorded_at: Date }[]>`
    select tx, position, recorded_at from event where ${isBetween(sql, between)} order by tx, position limit 1`;
  return event && { position: { tx: event.tx, sequence: event.position }, recordedAt: event.recorded_at };
}

/** How many events there are, up to `limit`. */
export async function countOutstanding(
  sql: Sql | TransactionSql,
  { limit, ...between }: Between & { readonly limit: number },
): Promise<number> {
  const [row] = await sql<{ count: bigint }[]>`
    select count(*) from (select from event where ${isBetween(sql, between)} order by tx, position limit ${limit}) e`;
  return Number(row?.count ?? 0n);
}

/** The bounds that are the same for all ranges are for the index. */
function isBetween(sql: Sql | TransactionSql, { entityTypes, from, upTo }: Between): ReturnType<Sql> {
  const least = leastOf(from);
  const greatest = greatestOf(upTo);
  const ofRange = (positions: RangePositions): ReturnType<Sql> => sql`(
    (${plainArray(positions.map(({ tx }) => tx))}::text::xid8[])[(slice >> 6) + 1],
    (${plainArray(positions.map(({ sequence }) => sequence))}::text::bigint[])[(slice >> 6) + 1])`;
  return sql`(tx, position) > (${sql.types.xid8(least.tx)}, ${least.sequence})
    and (tx, position) <= (${sql.types.xid8(greatest.tx)}, ${greatest.sequence})
    and entity_type = any(${textArray(entityTypes)}::text[])
    and (tx, position) > ${ofRange(from)} and (tx, position) <= ${ofRange(upTo)}`;
}

/** All ranges at one place. */
export function everywhere(position: Position): RangePositions {
  return rangeNumbers.map(() => position);
}
