// Who holds back all readers of a journal (J4): the oldest transaction that writes, anywhere on the server.
import type { Database } from "../postgres/index.ts";

/** A transaction that has not ended. */
export interface Holder {
  /** Undefined for a prepared transaction, which belongs to no process. */
  readonly pid: number | undefined;
  /** The name of its process, or the global id of a prepared transaction. */
  readonly name: string;
  /** What its process does; `prepared` for a prepared transaction. */
  readonly state: string | undefined;
  /** Undefined where the database does not tell this user: see `pg_read_all_stats`. */
  readonly ageMs: number | undefined;
}

interface Row {
  readonly pid: number | null;
  readonly name: string;
  readonly state: string | null;
  readonly age_ms: number | null;
}

/** The holder now; undefined where nobody else writes. */
export async function findHolder({ sql }: Pick<Database, "sql">): Promise<Holder | undefined> {
  const [holder] = await sql<Row[]>`
    select pid, name, state, (extract(epoch from clock_timestamp() - since) * 1000)::float8 as age_ms
    from (
      select pid, application_name as name, state, xact_start as since, backend_xid as xid
      from pg_stat_activity where backend_xid is not null and pid <> pg_backend_pid()
      union all
      select null, gid, 'prepared', prepared, transaction from pg_prepared_xacts
    ) writing
    order by age(xid) desc limit 1`;
  return (
    holder && {
      pid: holder.pid ?? undefined,
      name: holder.name,
      state: holder.state ?? undefined,
      ageMs: holder.age_ms ?? undefined,
    }
  );
}
