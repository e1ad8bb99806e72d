// A query that goes on: what a projection's tables hold, and then each change, with nothing between them missing or
// told twice.
//
// Invariants:
//   Q1. The history and the seam, the last change in it, are of one snapshot. Changes are numbered in the order of their
//       commits (C1), so those of the snapshot are the ones up to the seam, and those behind it come later.
//   Q2. Changes are read from the table, a page at a time, as they are taken: a slow reader costs no memory. One that
//       falls behind what is kept gets an error (C3), and none is left out.
//   Q3. With another build the rows are others: that is an error as well, and who asks anew sees the new ones.
import type { DescMessage, MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { decode } from "../codec/index.ts";
import { toMessage } from "../entity/index.ts";
import { SamspelError } from "../errors/index.ts";
import { isTransient, retryRead, transact, type Database, type TransactionSql } from "../postgres/index.ts";
import { backoff, createLatch } from "../resilience/index.ts";
import { listenToChanges } from "./changes.ts";
import { coalesce } from "./coalesce.ts";
import type { ChangingProjection } from "./projection.ts";

export interface HistoryThenLiveOptions<Change extends DescMessage> {
  /** Reads what there is now, as messages of changes; in one read-only snapshot. It may run again. */
  readonly history: (
    sql: TransactionSql,
  ) => Promise<readonly MessageInitShape<Change>[]> | readonly MessageInitShape<Change>[];
  /** Ends the query. In a handler: `drainingSignal(context)`. */
  readonly signal: AbortSignal;
}

/** Follows the changes of projections. */
export interface ChangeFollower {
  /** See `ServiceContext.historyThenLive`. */
  historyThenLive<Change extends DescMessage>(
    this: void,
    projection: ChangingProjection<Change>,
    options: HistoryThenLiveOptions<Change>,
  ): AsyncGenerator<MessageShape<Change>, void>;
}

interface Page {
  readonly generation: number;
  readonly pruned: bigint;
  readonly changes: readonly { readonly id: bigint; readonly body: Uint8Array }[];
}

interface Start<Change extends DescMessage> {
  readonly generation: number;
  readonly seam: bigint;
  readonly rows: readonly MessageInitShape<Change>[];
}

const pageSize = 500;
const lookMs = 1_000;
const retryForMs = 8_000;

/** `home` has the projection's tables; all who follow in a process share their looks. */
export function createChangeFollower(home: Database): ChangeFollower {
  // Those who are at the same change ask the same.
  const read = coalesce(async (key: string): Promise<Page> => {
    const [name = "", after = "0"] = key.split(" ");
    return readChanges(home, name, BigInt(after));
  });
  return {
    async *historyThenLive(projection, { history, signal }) {
      const { name, changes } = projection;
      const { message } = changes;
      const changed = createLatch();
      using _ = await listenToChanges(home, projection, () => changed.set());
      const { generation, seam, rows } = await retryRead(retryForMs, () =>
        readHistory(home, projection, history),
      );
      for (const row of rows) {
        if (signal.aborted) return;
        yield toMessage(message, row) as MessageShape<typeof message>;
      }
      let cursor = seam;
      for (let failures = 0; !signal.aborted;) {
        let page: Page;
        try {
          page = await read(`${name} ${cursor}`);
          failures = 0;
        } catch (error) {
          if (!isTransient(error)) throw error;
          await backoff(++failures, signal);
          continue;
        }
        if (page.generation !== generation) throw gone(name, "its tables were built anew");
        if (page.pruned > cursor) throw gone(name, "this reader is behind what is kept of the changes");
        for (const { id, body } of page.changes) {
          if (signal.aborted) return;
          yield decode(message, body);
          cursor = id;
        }
        if (page.changes.length < pageSize) await changed.wait(lookMs, signal);
      }
    },
  };
}

async function readHistory<Change extends DescMessage>(
  { sql: pool }: Database,
  { name }: ChangingProjection<Change>,
  history: HistoryThenLiveOptions<Change>["history"],
): Promise<Start<Change>> {
  return transact(pool, async (sql) => {
    await sql`set transaction isolation level repeatable read, read only`;
    const [mark] = await sql<{ generation: number; seam: bigint }[]>`
      select p.generation,
        greatest(c.changes_pruned, (select max(id) from projection_change where projection = p.name)) as seam
      from projection p join projection_control c on c.projection = p.name
      where p.name = ${name}`;
    if (mark === undefined) {
      throw new SamspelError(
        "SAMSPEL_INVALID_CONFIGURATION",
        `Projection ${name} was never set up: start a service with it`,
      );
    }
    return { ...mark, rows: await history(sql) };
  });
}

async function readChanges({ sql }: Database, name: string, after: bigint): Promise<Page> {
  const rows = await sql<
    { generation: number; pruned: bigint; id: bigint | null; body: Uint8Array | null }[]
  >`
    select p.generation, c.changes_pruned as pruned, l.id, l.body
    from projection p join projection_control c on c.projection = p.name
      left join lateral (
        select id, body from projection_change
        where projection = p.name and id > ${after} order by id limit ${pageSize}
      ) l on true
    where p.name = ${name} order by l.id`;
  return {
    generation: rows[0]?.generation ?? 0,
    pruned: rows[0]?.pruned ?? 0n,
    changes: rows.flatMap(({ id, body }) => (id === null || body === null ? [] : { id, body })),
  };
}

function gone(name: string, why: string): SamspelError {
  return new SamspelError(
    "SAMSPEL_CHANGES_GONE",
    `Cannot follow projection ${name} any further as ${why}: begin anew`,
    {
      metadata: { projection: name },
    },
  );
}
