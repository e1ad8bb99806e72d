// Forgetting an entity's past: what is left of its events is written in their place, and new events say that it was so.
//
// Invariants:
//   F1. One transaction (J2): the new events, what is left of the old ones, of the snapshot, of recorded replies and
//       of what projections noted about failures, and the audit. Revisions, positions and times stay, so that no
//       reader sees a gap.
//   F2. The insert of the new events is the first write, behind a look at the revision (J4): a later revision has a
//       later transaction id. It also shuts out every other append of the entity until the end (J1).
//   F3. It may be tried again whenever its outcome is unknown: it knows itself by its id in the audit.
//   F4. Memory is bounded by a page of the history. No retry of a failed statement begins in the middle: the rewriting
//       begins anew with each transaction.
import { randomUUID } from "node:crypto";
import { sliceOf } from "../descriptor/index.ts";
import {
  isTransient,
  isUniqueViolation,
  plainArray,
  textArray,
  transact,
  type Database,
  type TransactionSql,
} from "../postgres/index.ts";
import { backoff } from "../resilience/index.ts";
import { readersOf } from "./channels.ts";
import { checkAppend } from "./check-append.ts";
import { forgetRest } from "./forget-rest.ts";
import { blankRepliesOfStragglers } from "./forget-stragglers.ts";
import { insertMessages } from "./insert-messages.ts";
import type { AppendResult, Forgetting } from "./journal.ts";
import { noOutcome } from "./no-outcome.ts";
import { rewriteEvents } from "./rewrite-events.ts";

/** A forgetting with the id by which it knows itself again (F3). */
interface IdentifiedForgetting extends Forgetting {
  readonly appendId: string;
}

const noBytes = new Uint8Array();

/** Forgets, across restarts of the database; see `Journal.forget`. */
export async function forget(
  database: Database,
  forgetting: Forgetting,
  { maxEventBytes, retryForMs }: { readonly maxEventBytes: number; readonly retryForMs: number },
): Promise<AppendResult> {
  const { entityType, entityId, expectedRevision: through, commandId } = forgetting;
  const command = commandId === undefined ? {} : { command: { id: commandId, reply: noBytes } };
  const refused = checkAppend({ ...forgetting, ...command }, maxEventBytes);
  if (refused !== undefined) throw refused;
  const identified = { ...forgetting, appendId: randomUUID() };
  const startedAtMs = performance.now();
  for (let failures = 1; ; failures++) {
    try {
      const result = await transact(database.sql, (tx) => attempt(tx, identified));
      if (result.type !== "appended") return result;
      readersOf(database)([forgetting]);
      await blankRepliesOfStragglers(database, { entityType, entityId, through });
      return result;
    } catch (error) {
      // Another process wrote the revision or the command in the same instant: the next look sees it.
      const raced = isUniqueViolation(error);
      if (!raced && !isTransient(error)) throw error;
      if (performance.now() - startedAtMs > retryForMs)
        throw noOutcome("a forgetting", error, { retryForMs, inDoubt: true });
      if (raced) continue;
      database.logger.warn({ err: error, entityType, entityId }, "forgetting interrupted: looking again");
      await backoff(failures, undefined, { initialMs: 20, maxMs: 500 });
    }
  }
}

async function attempt(tx: TransactionSql, forgetting: IdentifiedForgetting): Promise<AppendResult> {
  const { entityType, entityId, expectedRevision: through, commandId } = forgetting;
  await shareTimers(tx, entityId);
  const judged = await judge(tx, forgetting);
  if (judged !== undefined) return judged;
  await insertEvents(tx, forgetting);

  const { event, reply } = forgetting.rewrite();
  const counts = await rewriteEvents(tx, { entityType, entityId, through, rewrite: event });
  await forgetRest(tx, { entityType, entityId, through });
  const replied = Buffer.from(reply());
  if (commandId !== undefined) {
    await tx`
      insert into command (entity_type, entity_id, command_id, revision, reply)
      values (${entityType}, ${entityId}, ${commandId}, ${revisionAfter(forgetting)}, ${replied})`;
  }
  await tx`
    insert into forgetting (entity_type, entity_id, through_revision, events_rewritten, events_erased, command_id, append_id)
    values (${entityType}, ${entityId}, ${through}, ${counts.rewritten}, ${counts.erased}, ${commandId ?? null},
      ${forgetting.appendId})`;
  if (forgetting.tells !== undefined) await insertMessages(tx, forgetting.tells);
  return { type: "appended", revision: revisionAfter(forgetting) };
}

/**
 * Shuts out appends of the entity that only change timers: they have no event whose key would do it. As `change_timers`
 * does for appends with events and timers (C1 there).
 */
async function shareTimers(tx: TransactionSql, entityId: string): Promise<void> {
  await tx`
    select pg_advisory_xact_lock_shared(hashtext('samspel.timer.' || current_schema()), ${sliceOf(entityId) % 64})`;
}

const revisionAfter = ({ expectedRevision, events }: Forgetting): bigint =>
  expectedRevision + BigInt(events.length);

interface Found {
  readonly actual: bigint;
  readonly is_done: boolean;
  /** Whether the timer that it comes from is gone. */
  readonly is_gone: boolean;
  readonly duplicate_revision: bigint | null;
  readonly duplicate_reply: Uint8Array | null;
}

/** What became of it already, or what is in its way; undefined where it is to be done. */
async function judge(
  tx: TransactionSql,
  forgetting: IdentifiedForgetting,
): Promise<AppendResult | undefined> {
  const { entityType, entityId, expectedRevision: through, commandId, appendId, fires } = forgetting;
  const [found] = await tx<Found[]>`
    select
      coalesce((
        select revision from event where entity_type = ${entityType} and entity_id = ${entityId}
        order by revision desc limit 1
      ), 0) as actual,
      exists (
        select from forgetting where entity_type = ${entityType} and entity_id = ${entityId}
          and through_revision = ${through} and append_id = ${appendId}
      ) as is_done,
      ${fires === undefined ? tx`false` : tx`not timer_stands(${entityType}, ${entityId}, ${fires.name}, ${fires.id})`} as is_gone,
      c.revision as duplicate_revision, c.reply as duplicate_reply
    from (select) as one
    left join command c on c.entity_type = ${entityType} and c.entity_id = ${entityId}
      and c.command_id = ${commandId ?? null}`;
  if (found === undefined) throw new Error("The journal did not say where the entity is");
  if (found.is_done) return { type: "appended", revision: revisionAfter(forgetting) };
  if (found.duplicate_revision !== null) {
    return {
      type: "duplicate",
      revision: found.duplicate_revision,
      reply: found.duplicate_reply ?? new Uint8Array(),
    };
  }
  if (found.is_gone) return { type: "gone" };
  return found.actual === through ? undefined : { type: "conflict", actual: found.actual };
}

async function insertEvents(tx: TransactionSql, forgetting: IdentifiedForgetting): Promise<void> {
  const { entityType, entityId, expectedRevision, events, appendId, metadata } = forgetting;
  const revisions = events.map((_, index) => expectedRevision + BigInt(index + 1));
  const payloads = events.map(({ payload }) => Buffer.from(payload).toString("hex"));
  await tx`
    insert into event (entity_type, entity_id, revision, slice, append_id, payload, metadata)
    select ${entityType}, ${entityId}, i.revision, ${sliceOf(entityId)}, ${appendId}, decode(i.payload, 'hex'),
      ${metadata === undefined ? null : JSON.stringify(metadata)}::text::jsonb
    from unnest(${plainArray(revisions)}::bigint[], ${textArray(payloads)}::text[]) as i (revision, payload)
    order by i.revision`;
}
