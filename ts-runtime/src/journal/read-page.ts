// Reading all entities' events in one order (J4). Transactions commit in another order than they began, so an event
// may appear behind a reader that went by `position` alone: 1.1 % were lost in a measurement with four writers. What
// is below the oldest running transaction cannot change any more, and in the order of `(tx, position)` nothing comes
// in before it.
//
// The horizon travels as one more row, the last: as columns beside each event it cost a quarter of the rate.
// The limit, the slices and the ranges stand in the statement as numbers, not as parameters, so that the plan which is kept for
// it is made for them.
import { rangeCount } from "../cluster/index.ts";
import { sliceCount } from "../descriptor/index.ts";
import type { Sql, TransactionSql } from "../postgres/index.ts";
import { eventColumns, eventOf, type EventRow } from "./event-row.ts";
import type { JournalEvent, Page, ReadOptions } from "./journal.ts";
import { comparePositions, type Position } from "./position.ts";
import { resolveReadOptions } from "./read-options.ts";

const slicesPerRange = sliceCount / rangeCount;

/** A page, and whether there are committed events that a running transaction still holds back. */
export interface LivePage extends Page {
  readonly heldBack: boolean;
  /** Whether the limit was reached, so that there may be more at once. */
  readonly full: boolean;
}

/** Behind all events, as none of them is of the horizon's transaction or a later one. */
interface HorizonRow {
  readonly entity_type: null;
  /** The oldest running transaction. */
  readonly tx: bigint;
  /** 1 where there are committed events at or behind it. */
  readonly slice: number | null;
}

/**
 * Reads one page; the horizon and the events are of one snapshot.
 * @throws RangeError for a limit or slices that cannot be.
 */
export async function readPage(sql: Sql | TransactionSql, options: ReadOptions): Promise<LivePage> {
  const { after, entityTypes, slices, ranges, limit } = resolveReadOptions(options);
  const rows = await sql<(EventRow | HorizonRow)[]>`
    (select ${eventColumns(sql, options.metadata)} from event
      where (tx, position) > (${sql.types.xid8(after.tx)}, ${after.sequence})
        and tx < pg_snapshot_xmin(pg_current_snapshot())
        ${entityTypes ? sql`and entity_type = any(${[...entityTypes]})` : sql``}
        ${slices ? sql.unsafe(`and slice between ${slices.from} and ${slices.to}`) : sql``}
        ${ranges && ranges.length < rangeCount ? sql.unsafe(rangesCondition(ranges)) : sql``}
      order by tx, position ${sql.unsafe(`limit ${limit}`)})
    union all
    select null, null, null,
      (select (e.tx >= pg_snapshot_xmin(pg_current_snapshot()))::int::smallint
        from event e order by e.tx desc, e.position desc limit 1),
      pg_snapshot_xmin(pg_current_snapshot()), null, null, null, null
    order by tx, position`;
  const events: JournalEvent[] = [];
  let horizon: HorizonRow | undefined;
  for (const row of rows) {
    if (row.entity_type === null) horizon = row;
    else events.push(eventOf(row));
  }
  const full = events.length >= limit;
  return {
    events,
    full,
    next: nextPosition(after, events.at(-1), full ? undefined : horizon),
    heldBack: horizon?.slice === 1,
  };
}

/** The bounds are tested in the index, the rest only where rows were fetched. */
function rangesCondition(ranges: readonly number[]): string {
  const from = Math.min(...ranges);
  const to = Math.max(...ranges);
  const bounds = `and slice between ${from * slicesPerRange} and ${(to + 1) * slicesPerRange - 1}`;
  return to - from + 1 === ranges.length
    ? bounds
    : `${bounds} and slice / ${slicesPerRange} = any('{${ranges.join(",")}}')`;
}

/** A page that is not full has seen all below the horizon, and whatever its filter left out there too. */
function nextPosition(
  after: Position,
  last: JournalEvent | undefined,
  horizon: HorizonRow | undefined,
): Position {
  const read = last?.position ?? after;
  if (horizon === undefined) return read;
  const seen = { tx: horizon.tx, sequence: 0n };
  return comparePositions(seen, read) > 0 ? seen : read;
}
