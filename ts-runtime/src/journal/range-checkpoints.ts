// Checkpoints of a work that is divided into ranges: a row for each, named `<work>#<range>`. K1 and K2 hold for each of
// them; rows are locked in the order of their names.
import { parseRangeName, rangeCount, rangeName, type HeldRange } from "../cluster/index.ts";
import { SamspelError } from "../errors/index.ts";
import { plainArray, textArray, type Database, type TransactionSql } from "../postgres/index.ts";
import type { RangeCheckpoint } from "./journal.ts";
import { encodePosition, type Position } from "./position.ts";

export interface CheckpointRow {
  readonly tx: bigint;
  readonly position: bigint;
}

interface NamedRow extends CheckpointRow {
  readonly name: string;
}

export const positionOf = (row: CheckpointRow): Position => ({ tx: row.tx, sequence: row.position });

export function leaseLost(message: string): SamspelError {
  return new SamspelError("SAMSPEL_LEASE_LOST", message);
}

/** The checkpoints that a divided work has. */
export function rangeNames(work: string): readonly string[] {
  return Array.from({ length: rangeCount }, (_, range) => rangeName(work, range));
}

const byRange = (rows: readonly NamedRow[]): ReadonlyMap<number, Position> =>
  new Map(rows.map((row) => [parseRangeName(row.name).range, positionOf(row)]));

export async function loadRanges(
  bounded: Database["bounded"],
  work: string,
): Promise<ReadonlyMap<number, Position>> {
  return byRange(
    await bounded(
      (sql) => sql<NamedRow[]>`
      select name, tx, position from checkpoint where name = any(${textArray(rangeNames(work))}::text[])`,
    ),
  );
}

/** The work's own row is where it stood while it was not divided: no range begins before it. */
export async function claimRanges(
  bounded: Database["bounded"],
  work: string,
  held: readonly HeldRange[],
): Promise<ReadonlyMap<number, Position>> {
  const names = textArray(held.map(({ range }) => rangeName(work, range)));
  const epochs = plainArray(held.map(({ epoch }) => epoch));
  const rows = await bounded(
    (sql) => sql<NamedRow[]>`
    insert into checkpoint as c (name, tx, position, epoch)
    select h.name, coalesce(w.tx, '0'), coalesce(w.position, 0), h.epoch
    from unnest(${names}::text[], ${epochs}::bigint[]) h (name, epoch) left join checkpoint w on w.name = ${work}
    order by h.name
    on conflict (name) do update set epoch = excluded.epoch,
      tx = case when (excluded.tx, excluded.position) > (c.tx, c.position) then excluded.tx else c.tx end,
      position = case when (excluded.tx, excluded.position) > (c.tx, c.position) then excluded.position else c.position end
    where c.epoch <= excluded.epoch
    returning name, tx, position`,
  );
  const claimed = byRange(rows);
  const missed = held.find(({ range }) => !claimed.has(range));
  if (missed === undefined) return claimed;
  throw leaseLost(
    `Cannot claim checkpoint "${rangeName(work, missed.range)}" under epoch ${missed.epoch}: a newer epoch was here`,
  );
}

/** Locks and judges all rows before it moves any, so that it is all or nothing outside of a transaction, too. */
export async function saveRanges(
  sql: TransactionSql | Database["sql"],
  work: string,
  positions: readonly RangeCheckpoint[],
): Promise<void> {
  if (positions.length === 0) return;
  const names = textArray(positions.map(({ range }) => rangeName(work, range)));
  const txs = plainArray(positions.map(({ position }) => position.tx));
  const sequences = plainArray(positions.map(({ position }) => position.sequence));
  const epochs = plainArray(positions.map(({ epoch }) => epoch));
  const rows = await sql`
    with wanted as (
      select * from unnest(
        ${names}::text[], ${txs}::xid8[], ${sequences}::bigint[], ${epochs}::bigint[]
      ) w (name, tx, position, epoch)
    ),
    fitting as (
      select c.name from checkpoint c join wanted w on w.name = c.name
      where c.epoch = w.epoch and (c.tx, c.position) <= (w.tx, w.position)
      order by c.name for update of c
    )
    update checkpoint c set tx = w.tx, position = w.position, moved_at = clock_timestamp()
    from wanted w
    where c.name = w.name and (select count(*) from fitting) = ${positions.length}::int
    returning 1`;
  if (rows.length === positions.length) return;
  const found = new Map(
    (
      await sql<(NamedRow & { epoch: bigint })[]>`
        select name, tx, position, epoch from checkpoint where name = any(${names}::text[])`
    ).map((row) => [row.name, row]),
  );
  const wrong = positions.map(({ range, position, epoch }) => {
    const row = found.get(rangeName(work, range));
    const current = row ? `epoch ${row.epoch} at ${encodePosition(positionOf(row))}` : "not claimed";
    return `"${rangeName(work, range)}" to ${encodePosition(position)} under epoch ${epoch} (it is ${current})`;
  });
  throw leaseLost(`Cannot move checkpoints ${wrong.join(", ")}: one is newer`);
}
