// Forgetting the records of old commands (J3), in the background and in small batches, so that nobody waits for it.
import type { Database } from "../postgres/index.ts";
import { createLatch } from "../resilience/index.ts";
import { sweepForgotten } from "./forget-stragglers.ts";

export interface PruneOptions {
  readonly database: Database;
  readonly retentionMs: number;
  readonly signal: AbortSignal;
  /** Default 10 minutes. */
  readonly everyMs?: number;
}

const defaultEveryMs = 600_000;
const batch = 1_000;

/** Deletes one batch of what is older than the retention; says how many there were. Instances share the work. */
export async function pruneBatch({ sql }: Database, retentionMs: number): Promise<number> {
  const deleted = await sql`
    delete from command where ctid = any(array(
      select ctid from command
      where recorded_at < clock_timestamp() - ${retentionMs} * interval '1 millisecond'
      limit ${batch} for update skip locked
    ))`;
  return deleted.count;
}

/** Prunes now and then until `signal` aborts. */
export async function pruneCommands(options: PruneOptions): Promise<void> {
  const { database, retentionMs, signal, everyMs = defaultEveryMs } = options;
  const pace = createLatch();
  while (!signal.aborted) {
    // Jittered, as all instances of a service start together.
    await pace.wait(everyMs * (0.5 + Math.random()), signal);
    try {
      while (!signal.aborted && (await pruneBatch(database, retentionMs)) === batch);
      await sweepForgotten(database, retentionMs);
    } catch (error) {
      database.logger.warn({ err: error }, "old records of commands not pruned: trying again later");
    }
  }
}
