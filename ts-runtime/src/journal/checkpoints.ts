// How far readers have come, fenced by the epoch of their lease (T1, T4).
//
// Invariants:
//   K1. After `claim`, an older epoch saves nothing. The row's lock decides between a save that is under way and a
//       claim: either the claim sees what was saved, or the save fails and its transaction with it.
//   K2. A checkpoint never goes back.
import { rangeCount } from "../cluster/index.ts";
import { textArray, type Database } from "../postgres/index.ts";
import type { Checkpoints } from "./journal.ts";
import { encodePosition } from "./position.ts";
import {
  claimRanges,
  leaseLost,
  loadRanges,
  positionOf,
  rangeNames,
  saveRanges,
  type CheckpointRow,
} from "./range-checkpoints.ts";

export function createCheckpoints({ bounded }: Database): Checkpoints {
  return {
    async load(name) {
      const [row] = await bounded(
        (sql) => sql<CheckpointRow[]>`select tx, position from checkpoint where name = ${name}`,
      );
      return row && positionOf(row);
    },
    async claim({ name, epoch }) {
      const [row] = await bounded(
        (sql) => sql<CheckpointRow[]>`
        with divided as (
          select tx, position from checkpoint
          where name = any(${textArray(rangeNames(name))}::text[])
            and ${rangeCount} = (select count(*) from checkpoint where name = any(${textArray(rangeNames(name))}::text[]))
          order by tx, position limit 1
        )
        insert into checkpoint as c (name, tx, position, epoch)
        select ${name}, coalesce(d.tx, '0'), coalesce(d.position, 0), ${epoch}::bigint
        from (select) one left join divided d on true
        on conflict (name) do update set epoch = excluded.epoch,
          tx = case when (excluded.tx, excluded.position) > (c.tx, c.position) then excluded.tx else c.tx end,
          position = case when (excluded.tx, excluded.position) > (c.tx, c.position) then excluded.position else c.position end
        where c.epoch <= excluded.epoch
        returning tx, position`,
      );
      if (row === undefined) {
        throw leaseLost(`Cannot claim checkpoint "${name}" under epoch ${epoch}: a newer epoch was here`);
      }
      return positionOf(row);
    },
    async save(sql, { name, position, epoch }) {
      const rows = await sql`
        update checkpoint set tx = ${sql.types.xid8(position.tx)}, position = ${position.sequence}, moved_at = clock_timestamp()
        where name = ${name} and epoch = ${epoch}
          and (tx, position) <= (${sql.types.xid8(position.tx)}, ${position.sequence})
        returning 1`;
      if (rows.length > 0) return;
      const [found] = await sql<(CheckpointRow & { epoch: bigint })[]>`
        select tx, position, epoch from checkpoint where name = ${name}`;
      const current = found ? `epoch ${found.epoch} at ${encodePosition(positionOf(found))}` : "not claimed";
      throw leaseLost(
        `Cannot move checkpoint "${name}" to ${encodePosition(position)} under epoch ${epoch}: it is ${current}`,
      );
    },
    loadRanges: (name) => loadRanges(bounded, name),
    claimRanges: ({ name, held }) => claimRanges(bounded, name, held),
    saveRanges: (sql, { name, positions }) => saveRanges(sql, name, positions),
  };
}
