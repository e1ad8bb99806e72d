// The timers that are due, in Postgres. All times are made and compared by the database, so clocks may differ.
//
// Invariants:
//   Q1. A claim moves `next_at` behind its end, in the statement that takes it; who does not come back loses it there.
//   Q2. What is said of a claimed timer is said of that claim: of the id, which a replacement changes, and the attempt,
//       which the next claim counts up.
//
// No statement here is prepared: a plan that was kept from when the table was empty would read all of it.
import type { TimerMetadata } from "../entity/index.ts";
import type { FiredTimer } from "../journal/index.ts";
import { textArray, type Sql } from "../postgres/index.ts";

/** A timer that one instance has claimed. */
export interface ClaimedTimer extends FiredTimer {
  readonly entityType: string;
  readonly entityId: string;
  /** The proto name of the method. */
  readonly command: string;
  readonly request: Uint8Array;
  /** What was kept beside it when it was scheduled. */
  readonly metadata: TimerMetadata;
  /** How long it was due when it was claimed. */
  readonly lateMs: number;
  /** 1 for the first claim. */
  readonly attempt: number;
}

export interface Claim {
  readonly timers: readonly ClaimedTimer[];
  /** The time by the database's clock, in milliseconds since 1970. */
  readonly nowMs: number;
  /** When the next one may be claimed, from now; undefined for never. */
  readonly nextInMs: number | undefined;
}

export interface ClaimOptions {
  readonly entityTypes: readonly string[];
  readonly limit: number;
  /** How long the claim holds. */
  readonly claimMs: number;
}

interface Row {
  readonly now_ms: number;
  readonly next_in_ms: number | null;
  /** Null where nothing was claimed, as is what follows. */
  readonly id: string | null;
  readonly entity_type: string;
  readonly entity_id: string;
  readonly name: string;
  readonly command: string;
  readonly request: Uint8Array;
  readonly metadata: TimerMetadata | null;
  readonly late_ms: number;
  readonly attempts: number;
}

/** Rows are updated by where they lie, as a join could be planned the other way round. */
const statement = `
  with due as materialized (
    select d.place
    from unnest($1::text[]) as types (entity_type)
    cross join lateral (
      select t.ctid as place, t.next_at from timer t
      where t.entity_type = types.entity_type and t.parked_at is null and t.next_at <= statement_timestamp()
      order by t.next_at limit $2::int for update skip locked
    ) d
    order by d.next_at limit $2::int
  ),
  claimed as (
    update timer t set attempts = t.attempts + 1, next_at = clock_timestamp() + $3::float8 * interval '1 millisecond'
    where t.ctid = any(array(select place from due))
    returning t.*
  )
  select (extract(epoch from clock_timestamp()) * 1000)::float8 as now_ms,
    (extract(epoch from n.next_at - clock_timestamp()) * 1000)::float8 as next_in_ms,
    (extract(epoch from clock_timestamp() - c.due_at) * 1000)::float8 as late_ms,
    c.id, c.entity_type, c.entity_id, c.name, c.command, c.request, c.metadata, c.attempts
  from (
    select min(l.next_at) as next_at
    from unnest($1::text[]) as types (entity_type)
    cross join lateral (
      select t.next_at from timer t
      where t.entity_type = types.entity_type and t.parked_at is null and t.next_at > statement_timestamp()
      order by t.next_at limit 1
    ) l
  ) n
  left join claimed c on true
  order by c.due_at`;

/** Claims what is due, the longest due first, and says when there is more. Instances share: none waits for another. */
export async function claimTimers(sql: Sql, { entityTypes, limit, claimMs }: ClaimOptions): Promise<Claim> {
  const rows = await sql.unsafe<Row[]>(statement, [textArray(entityTypes), limit, claimMs]);
  const [first] = rows;
  return {
    timers: rows.flatMap((row) => (row.id === null ? [] : [timerOf(row, row.id)])),
    nowMs: first?.now_ms ?? 0,
    nextInMs: first?.next_in_ms ?? undefined,
  };
}

function timerOf(row: Row, id: string): ClaimedTimer {
  return {
    id,
    name: row.name,
    entityType: row.entity_type,
    entityId: row.entity_id,
    command: row.command,
    request: row.request,
    metadata: row.metadata ?? {},
    lateMs: row.late_ms,
    attempt: row.attempts,
  };
}

const isThisTimer = "entity_type = $1 and entity_id = $2 and name = $3 and id = $4";
const isThisClaim = `${isThisTimer} and attempts = $5`;
const keyOf = ({ entityType, entityId, name, id }: ClaimedTimer): string[] => [
  entityType,
  entityId,
  name,
  id,
];
const claimOf = (timer: ClaimedTimer): (string | number)[] => [...keyOf(timer), timer.attempt];

/** Deletes a timer whose command was rejected; false where it does not stand any more. */
export async function endTimer(sql: Sql, timer: ClaimedTimer): Promise<boolean> {
  const ended = await sql.unsafe(`delete from timer where ${isThisTimer}`, keyOf(timer));
  return ended.count > 0;
}

export interface Postponement {
  readonly afterMs: number;
  /** What failed, for whoever looks into the table; undefined for what is not the timer's fault, and is not counted. */
  readonly error: unknown;
}

/** Gives a claim back, to be taken again later; false where it does not hold any more. */
export async function postponeTimer(
  sql: Sql,
  timer: ClaimedTimer,
  { afterMs, error }: Postponement,
): Promise<boolean> {
  const postponed = await sql.unsafe(
    `update timer set next_at = clock_timestamp() + $6::float8 * interval '1 millisecond',
      attempts = attempts - $7::int, error = coalesce($8::text, error)
    where ${isThisClaim}`,
    [...claimOf(timer), afterMs, error === undefined ? 1 : 0, error === undefined ? null : textOf(error)],
  );
  return postponed.count > 0;
}

/** Sets a timer aside with its error: it fires no more. False where the claim does not hold any more. */
export async function parkTimer(sql: Sql, timer: ClaimedTimer, error: unknown): Promise<boolean> {
  const parked = await sql.unsafe(
    `update timer set parked_at = clock_timestamp(), error = $6::text where ${isThisClaim}`,
    [...claimOf(timer), textOf(error)],
  );
  return parked.count > 0;
}

/** A NUL, which Postgres cannot hold, as `\0`. */
function textOf(error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return text.replaceAll("\0", String.raw`\0`);
}
