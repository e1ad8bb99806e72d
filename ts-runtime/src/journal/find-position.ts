// Places in the journal's order: its ends, and where a time is.
import type { Sql, TransactionSql } from "../postgres/index.ts";
import type { JournalEnds } from "./journal.ts";
import type { Position } from "./position.ts";

interface PositionRow {
  readonly tx: bigint;
  readonly position: bigint;
}

/** The first and the last event that readers can see now. */
export async function findEnds(sql: Sql | TransactionSql): Promise<JournalEnds | undefined> {
  const [first, last] = await sql<PositionRow[]>`
    (select tx, position from event
      where tx < pg_snapshot_xmin(pg_current_snapshot()) order by tx, position limit 1)
    union all
    (select tx, position from event
      where tx < pg_snapshot_xmin(pg_current_snapshot()) order by tx desc, position desc limit 1)
    order by tx, position`;
  return first && last && { first: positionOf(first), last: positionOf(last) };
}

const positionOf = ({ tx, position }: PositionRow): Position => ({ tx, sequence: position });

/**
 * Halves the transactions until it has the first one whose first event was recorded at `time` or later.
 *
 * Why nothing is missed: an event is recorded after its transaction got its id, and ids are given in order. So what
 * precedes an event that was recorded before `time` got its id before `time` too. Each step to the right is over such
 * an event. Only what is below the oldest running transaction is looked at, so nothing appears there later.
 */
export async function findPosition(sql: Sql | TransactionSql, time: Date): Promise<Position> {
  if (Number.isNaN(time.getTime())) throw new RangeError("Cannot find a position of an invalid date");
  const [edges] = await sql<{ low: bigint; horizon: bigint }[]>`
    select pg_snapshot_xmin(pg_current_snapshot()) as horizon,
      coalesce((select tx from event order by tx, position limit 1), '0') as low`;
  const horizon = edges?.horizon ?? 0n;
  let low = edges?.low ?? 0n;
  let high = horizon;
  while (low < high) {
    const middle = (low + high) / 2n;
    const [event] = await sql<{ tx: bigint; reached: boolean }[]>`
      select tx, recorded_at >= ${time} as reached from event
      where tx >= ${sql.types.xid8(middle)} and tx < ${sql.types.xid8(horizon)}
      order by tx, position limit 1`;
    if (event?.reached === false) low = event.tx + 1n;
    else high = middle;
  }
  return { tx: low, sequence: 0n };
}
