// Reading one entity's events: its history, by revision.
import type { Sql, TransactionSql } from "../postgres/index.ts";
import { eventColumns, eventOf, type EventRow } from "./event-row.ts";
import type { EntityEvents, JournalEvent } from "./journal.ts";
import { resolveReadOptions } from "./read-options.ts";

/**
 * An entity's events after a revision, in order; fewer than the limit are all there are.
 * @throws RangeError for a limit that cannot be.
 */
export async function readEntity(
  sql: Sql | TransactionSql,
  { entityType, entityId, after = 0n, limit: asked }: EntityEvents,
): Promise<readonly JournalEvent[]> {
  const { limit } = resolveReadOptions(asked === undefined ? {} : { limit: asked });
  const rows = await sql<EventRow[]>`
    select ${eventColumns(sql)} from event
    where entity_type = ${entityType} and entity_id = ${entityId} and revision > ${after}
    order by revision ${sql.unsafe(`limit ${limit}`)}`;
  return rows.map(eventOf);
}
