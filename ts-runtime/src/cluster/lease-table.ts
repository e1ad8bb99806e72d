// The statements of leases. Every comparison of times is made by the database, so that clocks may differ.
import type { Database, Sql } from "../postgres/index.ts";

export interface Claim {
  readonly name: string;
  readonly owner: string;
  readonly ttlMs: number;
}

export interface Held {
  readonly name: string;
  readonly epoch: bigint;
}

/** Where releases are told. */
export function leaseChannel({ schema }: Database): string {
  return `${schema}.lease`;
}

/**
 * Of the time to live, the most that a holder's time can lie ahead. More is the mark of a clock that was put back, as
 * after a failover to a server whose clock differs: the holder may be dead, and all would wait for hours.
 */
const plausibleRatio = 3;

/**
 * The new epoch, where nobody holds the lease. A holder whose time lies further ahead than it can is taken for none:
 * if it is alive all the same, its next renewal tells it, and until then the epoch fences it (L1).
 */
export async function acquire(sql: Sql, { name, owner, ttlMs }: Claim): Promise<bigint | undefined> {
  const [row] = await sql<{ epoch: bigint }[]>`
    insert into lease (name, owner, epoch, expires_at)
    values (${name}, ${owner}, 1, clock_timestamp() + ${ttlMs} * interval '1 millisecond')
    on conflict (name) do update
      set owner = excluded.owner, epoch = lease.epoch + 1, expires_at = excluded.expires_at
      where lease.expires_at <= clock_timestamp()
        or lease.expires_at > clock_timestamp() + ${ttlMs * plausibleRatio} * interval '1 millisecond'
    returning epoch`;
  return row?.epoch;
}

/** Whether the lease is still this holder's; late is fine as long as nobody took it. */
export async function renew(sql: Sql, { name, epoch }: Held, ttlMs: number): Promise<boolean> {
  const rows = await sql`
    update lease set expires_at = clock_timestamp() + ${ttlMs} * interval '1 millisecond'
    where name = ${name} and epoch = ${epoch}
    returning 1`;
  return rows.length > 0;
}

/** Keeps the row, and with it the epoch (L1), and wakes who waits (L3). */
export async function release(database: Database, { name, epoch }: Held): Promise<void> {
  await database.bounded(
    (sql) => sql`
    with released as (
      update lease set expires_at = '-infinity' where name = ${name} and epoch = ${epoch} returning 1
    )
    select pg_notify(${leaseChannel(database)}, '') from released`,
  );
}

/** How long the present holder may still keep the lease without renewing it, in milliseconds. */
export async function remainingMs(sql: Sql, name: string): Promise<number> {
  const [row] = await sql<{ ms: number }[]>`
    select greatest(0, extract(epoch from expires_at - clock_timestamp()) * 1000)::float8 as ms
    from lease where name = ${name} and expires_at > clock_timestamp()`;
  return row?.ms ?? 0;
}
