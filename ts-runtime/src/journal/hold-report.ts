// Names the transaction that holds all readers of a journal back, once it has done so for too long (J4).
import type { Database } from "../postgres/index.ts";

export interface HoldReport {
  /** To be told after each look whether events are held back. */
  note(heldBack: boolean): Promise<void>;
}

interface Holder {
  readonly pid: number;
  readonly application_name: string;
  readonly state: string | null;
  readonly age_ms: number;
}

const patienceMs = 5_000;

/** Logs at most once in `patienceMs`. */
export function createHoldReport({ sql, logger }: Database, patienceForMs: number = patienceMs): HoldReport {
  let sinceMs: number | undefined;
  return {
    async note(heldBack) {
      if (!heldBack) {
        sinceMs = undefined;
        return;
      }
      sinceMs ??= performance.now();
      if (performance.now() - sinceMs < patienceForMs) return;
      sinceMs = performance.now();
      const [holder] = await sql<Holder[]>`
        select pid, application_name, state,
          (extract(epoch from clock_timestamp() - xact_start) * 1000)::float8 as age_ms
        from pg_stat_activity
        where backend_xid is not null and pid <> pg_backend_pid()
        order by xact_start limit 1`;
      logger.warn(
        {
          pid: holder?.pid,
          applicationName: holder?.application_name,
          state: holder?.state,
          ageMs: holder && Math.round(holder.age_ms),
        },
        holder
          ? "a running transaction holds back all readers of the journal: end it, or make its work shorter"
          : "a transaction holds back all readers of the journal: see pg_prepared_xacts",
      );
    },
  };
}
