// Events that a projection could not apply (T4): noted with their errors beside its tables. The event itself stays in
// the journal.
import type { JournalEvent } from "../journal/index.ts";
import type { TransactionSql } from "../postgres/index.ts";
import type { Projection } from "./projection.ts";

export interface FailedEvent {
  readonly projection: Projection;
  readonly generation: number;
  readonly event: JournalEvent;
  readonly attempts: number;
  readonly error: unknown;
  /** Whether the projection goes on without it, or waits for it. */
  readonly state: "parked" | "blocked";
}

/** An error as text; a NUL, which Postgres cannot hold, as `\0`. */
function errorText(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return text.replaceAll("\0", String.raw`\0`);
}

/** Notes an event and its error in `projection_failure`. */
export async function noteFailure(
  sql: TransactionSql,
  { projection, generation, event, attempts, error, state }: FailedEvent,
): Promise<void> {
  const { entityType, entityId, revision, position } = event;
  await sql`
    insert into projection_failure
      (projection, version, generation, entity_type, entity_id, revision, attempts, error, state, tx, position)
    values (${projection.name}, ${projection.version}, ${generation}, ${entityType}, ${entityId}, ${revision},
      ${attempts}, ${errorText(error)}, ${state}, ${sql.types.xid8(position.tx)}, ${position.sequence})
    on conflict (projection, generation, entity_type, entity_id, revision) do update
      set attempts = excluded.attempts, error = excluded.error, state = excluded.state, failed_at = clock_timestamp(),
        history = projection_failure.history || jsonb_build_object('at', projection_failure.failed_at,
          'attempts', projection_failure.attempts, 'error', projection_failure.error)`;
}

/** Which failure it is. */
export interface FailureKey {
  readonly projection: string;
  readonly generation: number;
  readonly entityType: string;
  readonly entityId: string;
  readonly revision: bigint;
}

export function keyOf({ projection, generation, event }: FailedEvent): FailureKey {
  const { entityType, entityId, revision } = event;
  return { projection: projection.name, generation, entityType, entityId, revision };
}

/** Removes the note; gives whether there was one. */
export async function forgetFailure(
  sql: TransactionSql,
  { projection, generation, entityType, entityId, revision }: FailureKey,
): Promise<boolean> {
  const gone = await sql`
    delete from projection_failure
    where projection = ${projection} and generation = ${generation} and entity_type = ${entityType}
      and entity_id = ${entityId} and revision = ${revision}
    returning 1`;
  return gone.length > 0;
}
