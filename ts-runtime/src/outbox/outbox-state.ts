// What waits in the outbox, for people.
import type { Database } from "../postgres/index.ts";

/** What of the outbox goes to one stream. */
interface OutboxStreamState {
  /** Without the topic prefix. */
  readonly stream: string;
  /** Messages that are due. */
  readonly waiting: number;
  /** Messages whose time has not come. */
  readonly scheduled: number;
  /** How long the oldest of those that are due has waited since it was, in milliseconds; 0 where there is none. */
  readonly oldestMs: number;
}

export interface OutboxState {
  readonly streams: readonly OutboxStreamState[];
  /** Whether there are more messages than these: only the first 100,000 are counted. */
  readonly isCapped: boolean;
}

const maxCounted = 100_000;

/** Counts what waits, by stream. */
export async function outboxState(database: Database): Promise<OutboxState> {
  const rows = await database.bounded(
    (sql) => sql<
      { stream: string; waiting: number; scheduled: number; oldest_ms: number | null; counted: number }[]
    >`
    with counted as (
      select stream, due_at, recorded_at from outbox order by id limit ${maxCounted}
    )
    select stream,
      count(*) filter (where due_at is null or due_at <= clock_timestamp())::int as waiting,
      count(*) filter (where due_at > clock_timestamp())::int as scheduled,
      (extract(epoch from clock_timestamp() - min(coalesce(due_at, recorded_at))
        filter (where due_at is null or due_at <= clock_timestamp())) * 1000)::float8 as oldest_ms,
      (select count(*) from counted)::int as counted
    from counted group by stream order by stream`,
  );
  return {
    streams: rows.map(({ stream, waiting, scheduled, oldest_ms: oldestMs }) => ({
      stream,
      waiting,
      scheduled,
      oldestMs: Math.max(0, oldestMs ?? 0),
    })),
    isCapped: (rows[0]?.counted ?? 0) >= maxCounted,
  };
}
