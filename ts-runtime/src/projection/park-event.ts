// Events that a projection could not apply (T4).
import type { JournalEvent } from "../journal/index.ts";
import type { TransactionSql } from "../postgres/index.ts";
import type { Projection } from "./project.ts";

export interface ParkedEvent {
  readonly projection: Projection;
  readonly event: JournalEvent;
  readonly attempts: number;
  readonly error: unknown;
}

/**
 * Notes an event and its error in `projection_failure`; a NUL, which Postgres cannot hold, as `\0`. The event itself
 * stays in the journal.
 */
export async function parkEvent(
  sql: TransactionSql,
  { projection, event, attempts, error }: ParkedEvent,
): Promise<void> {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  await sql`
    insert into projection_failure (projection, version, entity_type, entity_id, revision, attempts, error)
    values (${projection.name}, ${projection.version}, ${event.entityType}, ${event.entityId}, ${event.revision},
      ${attempts}, ${text.replaceAll("\0", String.raw`\0`)})
    on conflict do nothing`;
}
