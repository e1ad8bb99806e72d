// The quick way to append (J7): what a group does when all is as it expects. It looks at nothing and leaves the
// judging to the primary keys, so it costs the server about what a bare insert of the same rows does (10 µs an event in
// groups of 64 to 256).
//
// Invariants:
//   Q1. All or nothing: whatever is not as expected fails the whole statement. `runAppends` then says of each append
//       what became of it (S1), this statement's own included.
//   Q2. That an expected revision is there is taken on trust, and only of the server that told it. Where another one
//       answers, such as a replica that was promoted, or a backend that is new, as after a crash, commits may be lacking:
//       nothing is written, and so no gap can arise.
//   Q3. Rows are written in the order of their keys, as by `runAppends` (S3).
import { plainArray, type Sql } from "../postgres/index.ts";
import { byKey } from "./append-statement.ts";
import type { Incarnations, Server } from "./incarnations.ts";
import type { Append } from "./journal.ts";
import { quickParameters } from "./quick-parameters.ts";

/** What became of a quick append: all of it, or nothing because the server is another one than expected. */
export interface QuickResult {
  readonly written: boolean;
  /** Which server answered. */
  readonly server: Server;
}

// An array that no row needs is empty, and `unnest` fills it up with nulls. Lengths of arrays are hidden from the
// planner, as in the judging statement.
const statement = `
  with server as materialized (
    select pg_postmaster_start_time()::text as since, pg_backend_pid() as pid,
      pg_postmaster_start_time()::text = $1 and pg_backend_pid() = any($24::int[]) as known
  ),
  inserted as (
    insert into event (entity_type, entity_id, revision, slice, append_id, payload, metadata)
    select i.entity_type, i.entity_id, i.revision, i.slice, $23::uuid,
      substring($3::bytea from i.at + 1 for i.size), i.metadata::jsonb
    from unnest(
      (select $4::text[]), (select $5::text[]), (select $6::bigint[]), (select $7::int[]), (select $8::int[]),
      (select $9::smallint[]), (select $10::text[])
    ) as i (entity_type, entity_id, revision, at, size, slice, metadata)
    where (select known from server)
  ),
  recorded as (
    insert into command (entity_type, entity_id, command_id, revision, reply)
    select i.entity_type, i.entity_id, i.command_id, i.revision, substring($3::bytea from i.at + 1 for i.size)
    from unnest(
      (select $11::text[]), (select $12::text[]), (select $13::bigint[]), (select $14::int[]), (select $15::int[]),
      (select $16::text[])
    ) as i (entity_type, entity_id, revision, at, size, command_id)
    where (select known from server)
  ),
  kept as (
    insert into snapshot (entity_type, entity_id, revision, state, fingerprint)
    select i.entity_type, i.entity_id, i.revision, substring($3::bytea from i.at + 1 for i.size), i.fingerprint
    from unnest(
      (select $17::text[]), (select $18::text[]), (select $19::bigint[]), (select $20::int[]), (select $21::int[]),
      (select $22::text[])
    ) as i (entity_type, entity_id, revision, at, size, fingerprint)
    where (select known from server)
    on conflict (entity_type, entity_id) do update
      set revision = excluded.revision, state = excluded.state, fingerprint = excluded.fingerprint,
        recorded_at = excluded.recorded_at
      where snapshot.revision < excluded.revision or snapshot.fingerprint <> excluded.fingerprint
  )
  select since, pid, known, pg_notify($2, '') as told from server`;

interface Row extends Server {
  readonly known: boolean;
}

export interface QuickOptions {
  /** Where new events are told. */
  readonly channel: string;
  /** The only server and backends that may write. */
  readonly server: Pick<Incarnations, "since" | "pids">;
  /** The id of all appends of the group; together with its entity it tells each of them (S1). */
  readonly appendId: string;
}

/**
 * Appends a group of one or more events each, at most one append per entity, as one transaction.
 * @throws What Postgres says, such as a unique violation; nothing is written then, unless the connection was lost.
 */
export async function runQuickAppends(
  sql: Sql,
  { channel, server, appendId }: QuickOptions,
  appends: readonly Append[],
): Promise<QuickResult> {
  const [row] = await sql.unsafe<Row[]>(
    statement,
    [server.since, channel, ...quickParameters(appends.toSorted(byKey)), appendId, plainArray(server.pids)],
    { prepare: true },
  );
  if (row === undefined) throw new Error("The journal's quick statement gave no row");
  return { written: row.known, server: row };
}
