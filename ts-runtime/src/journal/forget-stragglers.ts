// Traces of a forgotten past that are written behind the forgetting's back.
//
// A command that persists nothing records its reply without touching the entity's events, so nothing shuts it out
// while the entity is forgotten: its statement may have begun before the forgetting's commit, and end behind it. So
// after the commit the statements that write replies now are waited for, and replies are blanked once more. One that
// begins later sees the new revision, and records nothing that rests on an older one. In the same way a projection may
// park an event that it read before. What a process leaves that dies in between, the sweep finds.
import type { Database, Sql } from "../postgres/index.ts";
import { backoff } from "../resilience/index.ts";
import { blankReplies, type ForgottenPast } from "./forget-rest.ts";

/** As long as a call may take by default; such a statement takes milliseconds. */
const defaultWithinMs = 10_000;

/** Waits for the statements that write replies now, and blanks what they wrote. */
export async function blankRepliesOfStragglers(
  { sql, logger }: Database,
  past: ForgottenPast,
  withinMs: number = defaultWithinMs,
): Promise<void> {
  const startedAtMs = performance.now();
  let stragglers = await writersOfReplies(sql);
  for (let looks = 1; stragglers.length > 0; looks++) {
    if (performance.now() - startedAtMs > withinMs) {
      logger.warn(
        { pids: stragglers.map(({ pid }) => pid), entityType: past.entityType, entityId: past.entityId },
        "a transaction that writes replies of commands does not end: what it leaves of a forgotten entity is swept later",
      );
      break;
    }
    await backoff(looks, undefined, { initialMs: 2, maxMs: 100 });
    const running = new Set((await writersOfReplies(sql)).map(({ id }) => id));
    stragglers = stragglers.filter(({ id }) => running.has(id));
  }
  await blankReplies(sql, past);
}

interface Writer {
  /** Of its transaction; it is never used twice while the server runs. */
  readonly id: string;
  readonly pid: number;
}

async function writersOfReplies(sql: Sql): Promise<readonly Writer[]> {
  return sql<Writer[]>`
    select virtualtransaction as id, pid from pg_locks
    where locktype = 'relation' and relation = 'command'::regclass and mode = 'RowExclusiveLock'
      and database = (select oid from pg_database where datname = current_database())`;
}

/** Finds what stragglers left of whatever was forgotten within the time that replies are kept. */
export async function sweepForgotten({ sql }: Database, retentionMs: number): Promise<void> {
  const recent = sql`f.recorded_at > clock_timestamp() - ${retentionMs} * interval '1 millisecond'`;
  await sql`
    update command c set reply = '' from forgetting f
    where ${recent} and c.entity_type = f.entity_type and c.entity_id = f.entity_id
      and c.revision <= f.through_revision and c.reply <> ''`;
  await sql`
    update projection_failure p set error = 'forgotten', history = '[]' from forgetting f
    where ${recent} and p.entity_type = f.entity_type collate "C" and p.entity_id = f.entity_id collate "C"
      and p.revision <= f.through_revision and p.error <> 'forgotten'`;
}
