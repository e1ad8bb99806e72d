// A row of the table `event`, and the event that it is.
import type { PendingQuery, Row } from "postgres";
import type { Sql, TransactionSql } from "../postgres/index.ts";
import type { JournalEvent } from "./journal.ts";

export interface EventRow {
  readonly entity_type: string;
  readonly entity_id: string;
  readonly revision: bigint;
  readonly slice: number;
  readonly tx: bigint;
  readonly position: bigint;
  readonly payload: Uint8Array;
  readonly metadata: Readonly<Record<string, string>> | null;
  readonly recorded_at: Date;
}

const none: Readonly<Record<string, string>> = Object.freeze({});

/** The columns of an `EventRow`, for a select; without metadata where nobody looks at it. */
export function eventColumns(sql: Sql | TransactionSql, withMetadata: boolean = true): PendingQuery<Row[]> {
  const metadata = withMetadata ? sql`metadata` : sql`null::jsonb as metadata`;
  return sql`entity_type, entity_id, revision, slice, tx, position, payload, ${metadata}, recorded_at`;
}

export function eventOf(row: EventRow): JournalEvent {
  return {
    entityType: row.entity_type,
    entityId: row.entity_id,
    revision: row.revision,
    slice: row.slice,
    position: { tx: row.tx, sequence: row.position },
    payload: row.payload,
    metadata: row.metadata ?? none,
    recordedAt: row.recorded_at,
  };
}
