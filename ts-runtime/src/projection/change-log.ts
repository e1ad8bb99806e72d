// What a projection tells of its rows' changes, kept for those who follow (see `history-then-live.ts`).
//
// Invariants:
//   C1. Changes are written at the end of a transaction, under a lock of the projection that is held to the commit. So
//       ids are in the order of the commits: who sees one sees all below it, and no snapshot has one without those.
//   C2. Two changes of one row are told in the order in which the row was written: the second writer waited for the
//       first one's commit. An order by transaction ids, as the journal's, would not have that: a transaction may begin
//       first and write the row last.
//   C3. What is pruned is noted in the same transaction, so that who is behind it learns that.
import { encode } from "../codec/index.ts";
import { toMessage } from "../entity/index.ts";
import { textArray, type Database, type TransactionSql } from "../postgres/index.ts";
import type { HeldRange } from "../cluster/index.ts";
import { createLatch } from "../resilience/index.ts";
import type { Run } from "./apply-page.ts";
import type { ChangeLog, Projection } from "./projection.ts";

/** A change as it is kept. */
export type EncodedChange = Uint8Array;

/** @throws TypeError where the projection has no message for its changes, and for a field that it lacks. */
export function encodeChange({ name, changes }: Projection, change: object): EncodedChange {
  if (changes === undefined) {
    throw new TypeError(
      `Projection ${name} tells a change but does not say of what message: set its option changes`,
    );
  }
  return encode(changes.message, toMessage(changes.message, change));
}

export interface Recording {
  readonly projection: Projection;
  readonly home: Database;
  readonly generation: number;
  readonly changes: readonly EncodedChange[];
}

const rowsPerStatement = 5_000;

/** The last writes of a transaction (C1). */
export async function recordChanges(
  sql: TransactionSql,
  { projection: { name }, home, generation, changes }: Recording,
): Promise<void> {
  const lock = sql`select pg_advisory_xact_lock(hashtextextended(${`samspel.projection.changes.${home.schema}.${name}`}, 0))`;
  const writes: Promise<unknown>[] = [lock];
  for (let from = 0; from < changes.length; from += rowsPerStatement) {
    const bodies = changes.slice(from, from + rowsPerStatement);
    writes.push(sql`
      insert into projection_change (projection, generation, body)
      select ${name}, ${generation}, decode(body, 'hex')
      from unnest(${textArray(bodies.map((body) => Buffer.from(body).toString("hex")))}::text[]) with ordinality c (body, number)
      order by number`);
  }
  await Promise.all(writes);
}

const pruneEveryMs = 30_000;
const pruneAtOnce = 10_000;

/** Prunes until the signal aborts, on the one instance that holds the first range. */
export async function keepPruned(run: Run, held: readonly HeldRange[]): Promise<void> {
  const { projection, home, logger, signal } = run;
  const pace = createLatch();
  while (!signal.aborted) {
    await pace.wait(pruneEveryMs, signal);
    if (projection.changes === undefined || signal.aborted || run.mode !== "live") continue;
    if (!held.some(({ range }) => range === 0)) continue;
    try {
      while ((await pruneChanges(home, projection.name, projection.changes)) === pruneAtOnce);
    } catch (error) {
      logger.warn({ err: error, projection: projection.name }, "changes not pruned: it is tried again");
    }
  }
}

/** Removes changes that are too old, or beyond the number to keep; at most 10,000 of them. Gives how many. */
export async function pruneChanges(
  home: Database,
  name: string,
  { keepForMs, keepCount }: Omit<ChangeLog, "message">,
): Promise<number> {
  const [row] = await home.bounded(
    (sql) => sql<{ pruned: bigint }[]>`
      with old as (
        select id from projection_change
        where projection = ${name}
          and id <= greatest(
            coalesce((select id from projection_change where projection = ${name} order by id desc offset ${keepCount} limit 1), 0),
            coalesce((select id from projection_change where projection = ${name}
              and recorded_at < clock_timestamp() - ${keepForMs} * interval '1 millisecond' order by id desc limit 1), 0))
        order by id limit ${pruneAtOnce}
      ), gone as (
        delete from projection_change c using old where c.projection = ${name} and c.id = old.id returning c.id
      ), noted as (
        update projection_control set changes_pruned = greatest(changes_pruned, (select max(id) from gone))
        where projection = ${name} and exists (select from gone) returning 1
      )
      select count(*) as pruned from gone`,
  );
  return Number(row?.pruned ?? 0n);
}
