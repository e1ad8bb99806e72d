// What holds an entity's past beside its events: recorded replies, its snapshot, the requests of its timers, what
// projections noted of failures.
import type { Sql, TransactionSql } from "../postgres/index.ts";

export interface ForgottenPast {
  readonly entityType: string;
  readonly entityId: string;
  /** The last revision of it. */
  readonly through: bigint;
}

/** Forgets in each table what was made from an entity's past. A new table that holds such things has its line here. */
export async function forgetRest(tx: TransactionSql, past: ForgottenPast): Promise<void> {
  const { entityType, entityId, through } = past;
  await tx`delete from snapshot where entity_type = ${entityType} and entity_id = ${entityId}`;
  await tx`delete from timer where entity_type = ${entityType} and entity_id = ${entityId}`;
  await tx`
    update projection_failure set error = 'forgotten', history = '[]'
    where entity_type = ${entityType} and entity_id = ${entityId} and revision <= ${through}`;
  await blankReplies(tx, past);
}

/** Recorded replies (J3) lose what they say; their ids stay, so that a repeated command is still not run again. */
export async function blankReplies(sql: Sql | TransactionSql, past: ForgottenPast): Promise<void> {
  const { entityType, entityId, through } = past;
  await sql`
    update command set reply = ''
    where entity_type = ${entityType} and entity_id = ${entityId} and revision <= ${through} and reply <> ''`;
}
