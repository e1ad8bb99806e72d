// Recovery of one entity (J5), and of one command's reply (J3).
import { SamspelError } from "../errors/index.ts";
import { retryRead, type Sql, type TransactionSql } from "../postgres/index.ts";
import type { RecoveredEvent, Recovery, RecoverOptions } from "./journal.ts";

interface Row {
  readonly is_event: boolean;
  readonly revision: bigint;
  readonly bytes: Uint8Array;
}

/** Runs a statement: in bounded time, or in a transaction that has bounds of its own. */
type Bounded = <T>(statement: (sql: Sql | TransactionSql) => PromiseLike<T>) => Promise<T>;

/** Of the first page, which most entities do not fill; each later one is twice as large, up to `maxPageSize`. */
const firstPageSize = 1_000;
const maxPageSize = 8_000;

/**
 * Snapshot and the first page of the tail in one round trip, with the event at the snapshot's revision before it: where
 * the journal ends before its snapshot, as after a table that was restored alone, nothing may be appended behind the gap.
 */
export async function recover(
  bounded: Bounded,
  entity: RecoverOptions,
  retryForMs: number,
): Promise<Recovery> {
  const { entityType, entityId, fingerprint, upTo } = entity;
  const rows = await retryRead(retryForMs, () =>
    bounded(
      (sql) => sql<Row[]>`
    with kept as materialized (
      select revision, state from snapshot
      where entity_type = ${entityType} and entity_id = ${entityId} and fingerprint = ${fingerprint}
        ${upTo === undefined ? sql`` : sql`and revision <= ${upTo}`}
    )
    select false as is_event, revision, state as bytes from kept
    union all
    (select true, revision, payload from event
      where entity_type = ${entityType} and entity_id = ${entityId}
        and revision >= coalesce((select revision from kept), 0)
        ${upTo === undefined ? sql`` : sql`and revision <= ${upTo}`}
      order by revision limit ${firstPageSize + 1})
    order by is_event, revision`,
    ),
  );
  const [first] = rows;
  const kept = first?.is_event === false ? first : undefined;
  const events = rows.filter((row) => row.is_event);
  if (kept !== undefined && events.length === 0) throw ungrounded(entityType, entityId, kept.revision);
  if (events[0]?.revision === kept?.revision) events.shift();
  return {
    snapshot: kept && { revision: kept.revision, state: kept.bytes },
    events: tail(bounded, entity, {
      after: kept?.revision ?? 0n,
      page: events,
      retryForMs,
    }),
  };
}

interface Tail {
  readonly after: bigint;
  readonly page: readonly Row[];
  readonly retryForMs: number;
}

async function* tail(
  bounded: Bounded,
  { entityType, entityId, upTo }: RecoverOptions,
  { after, page: firstPage, retryForMs }: Tail,
): AsyncGenerator<RecoveredEvent> {
  let last = after;
  for (let [page, size] = [firstPage, firstPageSize]; ;) {
    for (const { revision, bytes } of page) {
      if (revision !== last + 1n) throw revisionGap(entityType, entityId, { after: last, found: revision });
      last = revision;
      yield { revision, payload: bytes };
    }
    if (page.length < size) return;
    size = Math.min(size * 2, maxPageSize);
    const limit = size;
    page = await retryRead(retryForMs, () =>
      bounded(
        (sql) => sql<Row[]>`
      select true as is_event, revision, payload as bytes from event
      where entity_type = ${entityType} and entity_id = ${entityId} and revision > ${last}
        ${upTo === undefined ? sql`` : sql`and revision <= ${upTo}`}
      order by revision limit ${limit}`,
      ),
    );
  }
}

/** The recorded reply of a command, if there is one. */
export async function findCommand(
  sql: Sql,
  command: { readonly entityType: string; readonly entityId: string; readonly commandId: string },
): Promise<{ readonly revision: bigint; readonly reply: Uint8Array } | undefined> {
  const [row] = await sql<{ revision: bigint; reply: Uint8Array }[]>`
    select revision, reply from command
    where entity_type = ${command.entityType} and entity_id = ${command.entityId}
      and command_id = ${command.commandId}`;
  return row && { revision: row.revision, reply: row.reply };
}

/** The error of a history with a hole. */
export function revisionGap(
  entityType: string,
  entityId: string,
  { after, found }: { readonly after: bigint; readonly found: bigint },
): SamspelError {
  return new SamspelError(
    "SAMSPEL_JOURNAL_CORRUPT",
    `Cannot recover ${entityType} "${entityId}" as revision ${after + 1n} must follow ${after}: the journal goes on with ${found}`,
  );
}

function ungrounded(entityType: string, entityId: string, revision: bigint): SamspelError {
  return new SamspelError(
    "SAMSPEL_JOURNAL_CORRUPT",
    `Cannot recover ${entityType} "${entityId}" as its snapshot is of revision ${revision}: the journal ends before`,
  );
}
