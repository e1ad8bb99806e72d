// Parked events that an operator asked to try again: applied by who holds their range, once in effect. What the
// handler writes and the end of the note are one transaction, under the same checks as a page (P1).
import { sliceOf } from "../descriptor/index.ts";
import type { Journal, JournalEvent } from "../journal/index.ts";
import { isTransient, tookNoEffect } from "../postgres/index.ts";
import { backoff, createLatch } from "../resilience/index.ts";
import { decode, type Positions, type Run } from "./apply-page.ts";
import { controlChannel } from "./builds.ts";
import { ApplyError, commitPage, NotCurrent } from "./commit-page.ts";
import { forgetFailure, noteFailure, type FailureKey } from "./park-event.ts";
import { isHistory, rangeOfSlice } from "./positions.ts";

interface AskedRow {
  readonly entity_type: string;
  readonly entity_id: string;
  readonly revision: bigint;
  readonly attempts: number;
}

const lookMs = 5_000;

/** Tries what was asked for until the signal aborts, in the order of the journal. */
export async function retryAskedEvents(run: Run, journal: Pick<Journal, "readEntity">): Promise<void> {
  const { projection, home, logger, signal } = run;
  const asked = createLatch();
  using _ = await home.listen(controlChannel(home, projection.name), () => asked.set());
  for (let failures = 0; !signal.aborted;) {
    try {
      for (const row of await findAsked(run)) {
        if (signal.aborted) return;
        await retry(run, row, journal);
      }
      failures = 0;
      await asked.wait(lookMs, signal);
    } catch (error) {
      const heals = error instanceof NotCurrent || (isTransient(error) && tookNoEffect(error));
      if (!heals) throw error;
      failures++;
      logger.debug({ err: error, projection: projection.name }, "parked events are tried again later");
      await backoff(failures, signal);
    }
  }
}

async function findAsked({ projection, home, generation, positions }: Run): Promise<readonly AskedRow[]> {
  const rows = await home.sql<AskedRow[]>`
    select entity_type, entity_id, revision, attempts from projection_failure
    where projection = ${projection.name} and generation = ${generation} and retry_asked_at is not null
      and state = 'parked'
    order by tx, position, entity_id, revision`;
  return rows.filter((row) => positions.has(rangeOf(projection, row)));
}

function rangeOf({ order }: Run["projection"], { entity_id: entityId }: AskedRow): number {
  return rangeOfSlice({ journalOrder: order === "journal" }, sliceOf(entityId));
}

async function retry(run: Run, row: AskedRow, journal: Pick<Journal, "readEntity">): Promise<void> {
  const { projection, generation, logger } = run;
  const { entity_type: entityType, entity_id: entityId, revision } = row;
  const [event] = await journal.readEntity({ entityType, entityId, after: revision - 1n, limit: 1 });
  const key: FailureKey = { projection: projection.name, generation, entityType, entityId, revision };
  const about = { projection: projection.name, entityType, entityId, revision: String(revision) };
  try {
    const applied = await commitRetry(run, { key, event, range: rangeOf(projection, row) });
    if (!applied) return;
    run.count("applied", 1);
    logger.info(about, "parked event applied");
  } catch (error) {
    if (!(error instanceof ApplyError) || event === undefined) throw error;
    logger.error({ err: error.cause, ...about }, "parked event failed again");
    const attempts = row.attempts + 1;
    await commitNote(run, { event, attempts, error: error.cause, range: rangeOf(projection, row) });
  }
}

interface Retrying {
  readonly key: FailureKey;
  readonly event: JournalEvent | undefined;
  readonly range: number;
}

/** False where somebody dropped it meanwhile. */
async function commitRetry(run: Run, { key, event, range }: Retrying): Promise<boolean> {
  const { projection, replay } = run;
  let isNoted = false;
  await run.inTurn(() =>
    commitPage(run, {
      history: event === undefined || isHistory(replay, event),
      async apply(scope) {
        isNoted = await forgetFailure(scope.sql, key);
        const decoded = isNoted && event !== undefined ? decode(projection, [event]) : [];
        if (decoded.length > 0) await projection.apply(decoded, scope);
      },
      save: (sql) => run.save(sql, standingOf(run, range)),
    }),
  );
  return isNoted;
}

async function commitNote(
  run: Run,
  failed: {
    readonly event: JournalEvent;
    readonly attempts: number;
    readonly error: unknown;
    readonly range: number;
  },
): Promise<void> {
  const { projection, generation } = run;
  const { event, range } = failed;
  await run.inTurn(() =>
    commitPage(run, {
      history: true,
      async apply({ sql }) {
        await noteFailure(sql, { ...failed, projection, generation, state: "parked" });
        await sql`
          update projection_failure set retry_asked_at = null
          where projection = ${projection.name} and generation = ${generation}
            and entity_type = ${event.entityType} and entity_id = ${event.entityId} and revision = ${event.revision}`;
      },
      save: (sql) => run.save(sql, standingOf(run, range)),
    }),
  );
}

/** The checkpoint stays where it is; to save it checks the epoch. */
function standingOf({ positions }: Run, range: number): Positions {
  const position = positions.get(range);
  return position === undefined ? new Map() : new Map([[range, position]]);
}
