// The statements of the cluster. Every comparison of times is made by the database, so that clocks may differ.
// Rows are locked in the order of their names, so that two instances do not deadlock.
import { plainArray, textArray, type Database, type Sql } from "../postgres/index.ts";
import type { LeaseState } from "./cluster.ts";
import { parseRangeName } from "./ranges.ts";

export interface Held {
  readonly name: string;
  readonly epoch: bigint;
}

/** Where releases and arrivals are told. */
export function leaseChannel({ schema }: Database): string {
  return `${schema}.lease`;
}

export interface Pulse {
  readonly instance: string;
  readonly ttlMs: number;
  /** The works that this instance shares. */
  readonly works: readonly string[];
  /** The names of all their leases. */
  readonly leases: readonly string[];
  /** Those of them that this instance holds, and renews. */
  readonly held: readonly Held[];
}

/** What a pulse has seen. Times are in milliseconds from now. */
export interface PulseView {
  /** The live members of the works, this instance not among them. */
  readonly members: readonly { readonly work: string; readonly instance: string; readonly leftMs: number }[];
  /** The leases that somebody holds. */
  readonly leases: ReadonlyMap<string, { readonly owner: string; readonly leftMs: number }>;
  /** Names of the leases that are still this instance's. */
  readonly renewed: ReadonlySet<string>;
}

interface ViewRow {
  readonly kind: "member" | "lease" | "renewed" | "newcomer";
  readonly name: string;
  readonly owner: string;
  readonly left_ms: number;
}

/**
 * Of the time to live, the most that a time can lie ahead. More is the mark of a clock that was put back, as after a
 * failover to a server whose clock differs: the holder may be dead, and all would wait for hours.
 */
const plausibleRatio = 3;

const staleMs = 60_000;

/** Says that this instance lives, renews its leases and looks at the others; who is new is told to them. */
export async function pulse(database: Database, state: Pulse): Promise<PulseView> {
  const { instance, ttlMs, works, leases, held } = state;
  const names = textArray(held.map(({ name }) => name));
  const epochs = plainArray(held.map(({ epoch }) => epoch));
  const rows = await database.bounded(
    (sql) => sql<ViewRow[]>`
    with work as (select unnest(${textArray(works)}::text[]) as name),
    newcomer as (
      select pg_notify(${leaseChannel(database)}, '')::text as told from work w
      where not exists (
        select from cluster_member m
        where m.work = w.name and m.instance = ${instance} and m.expires_at > clock_timestamp()
      )
    ),
    upserted as (
      insert into cluster_member (work, instance, expires_at)
      select name, ${instance}, clock_timestamp() + ${ttlMs} * interval '1 millisecond' from work order by name
      on conflict (work, instance) do update set expires_at = excluded.expires_at
    ),
    stale as (
      select m.ctid as place from cluster_member m join work w on m.work = w.name
      where m.expires_at < clock_timestamp() - ${staleMs} * interval '1 millisecond' and m.instance <> ${instance}
      for update of m skip locked
    ),
    swept as (delete from cluster_member where ctid = any(array(select place from stale))),
    locked as (
      select l.name from lease l
      join unnest(${names}::text[], ${epochs}::bigint[]) h (name, epoch) on l.name = h.name and l.epoch = h.epoch
      order by l.name for update of l
    ),
    renewed as (
      update lease l set expires_at = clock_timestamp() + ${ttlMs} * interval '1 millisecond'
      from locked where l.name = locked.name
      returning l.name
    )
    select 'member' as kind, m.work as name, m.instance as owner, ${leftMs(sql, sql`m.expires_at`)} as left_ms
    from cluster_member m join work w on m.work = w.name
    where m.instance <> ${instance} and ${isLive(sql, sql`m.expires_at`, ttlMs)}
    union all
    select 'lease', l.name, l.owner, ${leftMs(sql, sql`l.expires_at`)} from lease l
    where l.name = any(${textArray(leases)}::text[]) and ${isLive(sql, sql`l.expires_at`, ttlMs)}
    union all
    select 'renewed', name, '', 0 from renewed
    union all
    select 'newcomer', told, '', 0 from newcomer`,
  );
  const view = {
    members: [] as { work: string; instance: string; leftMs: number }[],
    leases: new Map<string, { owner: string; leftMs: number }>(),
    renewed: new Set<string>(),
  };
  for (const { kind, name, owner, left_ms: left } of rows) {
    if (kind === "member") view.members.push({ work: name, instance: owner, leftMs: left });
    else if (kind === "lease") view.leases.set(name, { owner, leftMs: left });
    else if (kind === "renewed") view.renewed.add(name);
  }
  return view;
}

type Fragment = ReturnType<Sql>;

const leftMs = (sql: Sql, time: Fragment): Fragment =>
  sql`(extract(epoch from ${time} - clock_timestamp()) * 1000)::float8`;

const isLive = (sql: Sql, time: Fragment, ttlMs: number): Fragment =>
  sql`${time} > clock_timestamp()
    and ${time} <= clock_timestamp() + ${ttlMs * plausibleRatio} * interval '1 millisecond'`;

/**
 * The new epochs of those leases that nobody holds (L1). A holder whose time lies further ahead than it can is taken for
 * none: if it is alive all the same, its next renewal tells it, and until then the epoch fences it. What this instance
 * held itself and stopped believing in, it takes under a new epoch as well.
 */
export async function acquire(
  database: Database,
  claim: { readonly instance: string; readonly ttlMs: number; readonly names: readonly string[] },
): Promise<readonly Held[]> {
  const { instance, ttlMs, names } = claim;
  return database.bounded(
    (sql) => sql<Held[]>`
    insert into lease (name, owner, epoch, expires_at)
    select name, ${instance}, 1, clock_timestamp() + ${ttlMs} * interval '1 millisecond'
    from unnest(${textArray(names)}::text[]) name order by name
    on conflict (name) do update
      set owner = excluded.owner, epoch = lease.epoch + 1, expires_at = excluded.expires_at
      where lease.owner = excluded.owner or not (${isLive(sql, sql`lease.expires_at`, ttlMs)})
    returning name, epoch`,
  );
}

/** Lets go of leases and, where `leaves` says so, of the work; wakes who waits (L3). The rows keep the epochs (L1). */
export async function release(
  database: Database,
  state: { readonly instance: string; readonly held: readonly Held[]; readonly leaves?: string },
): Promise<void> {
  const { instance, held, leaves } = state;
  const names = textArray(held.map(({ name }) => name));
  const epochs = plainArray(held.map(({ epoch }) => epoch));
  await database.bounded(
    (sql) => sql`
    with gone as (
      delete from cluster_member where work = ${leaves ?? null} and instance = ${instance} returning 1
    ),
    locked as (
      select l.name from lease l
      join unnest(${names}::text[], ${epochs}::bigint[]) h (name, epoch) on l.name = h.name and l.epoch = h.epoch
      order by l.name for update of l
    ),
    released as (
      update lease l set expires_at = '-infinity' from locked where l.name = locked.name returning 1
    )
    select pg_notify(${leaseChannel(database)}, '') where exists (select from gone) or exists (select from released)`,
  );
}

/** The names of those leases that still have the epoch. */
export async function confirm(database: Database, held: readonly Held[]): Promise<ReadonlySet<string>> {
  const names = textArray(held.map(({ name }) => name));
  const epochs = plainArray(held.map(({ epoch }) => epoch));
  const rows = await database.bounded(
    (sql) => sql<{ name: string }[]>`
    select l.name from lease l
    join unnest(${names}::text[], ${epochs}::bigint[]) h (name, epoch) on l.name = h.name and l.epoch = h.epoch`,
  );
  return new Set(rows.map(({ name }) => name));
}

/** All leases that are held, of all works. */
export async function listLeases(database: Database): Promise<readonly LeaseState[]> {
  const rows = await database.bounded(
    (sql) => sql<{ name: string; owner: string; epoch: bigint; left_ms: number }[]>`
    select name, owner, epoch, ${leftMs(sql, sql`expires_at`)} as left_ms from lease
    where expires_at > clock_timestamp() order by name`,
  );
  return rows
    .map(({ name, owner, epoch, left_ms: expiresInMs }) =>
      Object.assign(parseRangeName(name), { owner, epoch, expiresInMs }),
    )
    .toSorted((a, b) => (a.name === b.name ? a.range - b.range : a.name < b.name ? -1 : 1));
}
