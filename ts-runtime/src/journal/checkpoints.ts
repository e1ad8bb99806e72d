// How far readers have come, fenced by the epoch of their lease (T1, T4).
//
// Invariants:
//   K1. After `claim`, an older epoch saves nothing. The row's lock decides between a save that is under way and a
//       claim: either the claim sees what was saved, or the save fails and its transaction with it.
//   K2. A checkpoint never goes back.
import { SamspelError } from "../errors/index.ts";
import type { Database } from "../postgres/index.ts";
import type { Checkpoints } from "./journal.ts";
import { encodePosition, type Position } from "./position.ts";

interface Row {
  readonly tx: bigint;
  readonly position: bigint;
}

const positionOf = (row: Row): Position => ({ tx: row.tx, sequence: row.position });

export function createCheckpoints({ bounded }: Database): Checkpoints {
  return {
    async load(name) {
      const [row] = await bounded(
        (sql) => sql<Row[]>`select tx, position from checkpoint where name = ${name}`,
      );
      return row && positionOf(row);
    },
    async claim({ name, epoch }) {
      const [row] = await bounded(
        (sql) => sql<Row[]>`
        insert into checkpoint as c (name, tx, position, epoch) values (${name}, '0', 0, ${epoch})
        on conflict (name) do update set epoch = excluded.epoch where c.epoch <= excluded.epoch
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
      const [found] = await sql<(Row & { epoch: bigint })[]>`
        select tx, position, epoch from checkpoint where name = ${name}`;
      const current = found ? `epoch ${found.epoch} at ${encodePosition(positionOf(found))}` : "not claimed";
      throw leaseLost(
        `Cannot move checkpoint "${name}" to ${encodePosition(position)} under epoch ${epoch}: it is ${current}`,
      );
    },
  };
}

function leaseLost(message: string): SamspelError {
  return new SamspelError("SAMSPEL_LEASE_LOST", message);
}
