// Statistics for a young table. Without them the planner sorts the whole journal for each page (8.8 ms in place of
// 0.7 for a tail of one event), and autovacuum looks only once a minute. So who appends asks for them early: at 1,000,
// 10,000 and 100,000 events of its own; after that autovacuum has long taken over.
import type { Database } from "../postgres/index.ts";

/** Makes statistics where there are events and none of them, as after a restore from a dump. */
export async function ensureStatistics({ sql, logger }: Database): Promise<void> {
  try {
    const [found] = await sql<{ missing: boolean }[]>`
      select exists (select from event) and not exists (
        select from pg_stats where schemaname = current_schema() and tablename = 'event'
      ) as missing`;
    if (found?.missing === true) await sql`analyze event`;
  } catch (error) {
    logger.debug({ err: error }, "no statistics of the journal: autovacuum will");
  }
}

const milestones: readonly number[] = [1_000, 10_000, 100_000];

export interface EarlyAnalyze {
  /** To be told of appended events. Never fails and never waits. */
  note(events: number): void;
  /** Waits for what runs. */
  close(): Promise<void>;
}

export function createEarlyAnalyze({ sql, logger }: Database): EarlyAnalyze {
  let appended = 0;
  let running: Promise<unknown> = Promise.resolve();
  return {
    note(events) {
      const before = appended;
      appended += events;
      if (!milestones.some((milestone) => before < milestone && milestone <= appended)) return;
      running = running
        .then(() => sql`analyze event`)
        .catch((error: unknown) =>
          logger.debug({ err: error }, "no statistics of the journal: autovacuum will"),
        );
    },
    async close() {
      await running;
    },
  };
}
