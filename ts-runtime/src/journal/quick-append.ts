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
import { isSingle, runQuickAppend } from "./quick-append-one.ts";
import { quickParameters } from "./quick-parameters.ts";

/** What became of a quick append: all of it, or nothing because the server is another one than expected. */
export interface QuickResult {
  readonly written: boolean;
  /** Which server answered. */
  readonly server: Server;
}

/** Which rows a group has beside its events. Each kind costs the server time in every statement that names it. */
interface Kinds {
  readonly commands: boolean;
  readonly snapshots: boolean;
  readonly tells: boolean;
}

// Lengths of arrays are hidden from the planner, as in the judging statement.
const insertEvents = `
  inserted as (
    insert into event (entity_type, entity_id, revision, slice, append_id, payload, metadata)
    select i.entity_type, i.entity_id, i.revision, i.slice, $4::uuid,
      substring((select bytes from sent) from i.at + 1 for i.size), i.metadata::jsonb
    from unnest(
      (select $6::text[]), (select $7::text[]), (select $8::bigint[]), (select $9::int[]), (select $10::int[]),
      (select $11::smallint[]), (select $12::text[])
    ) as i (entity_type, entity_id, revision, at, size, slice, metadata)
    where (select known from server)
  )`;

/** The rows of commands and snapshots, whose parameters begin with `$first`; `last` is the name of the last one. */
const rowsFrom = (first: number, last: string): string => `
    from unnest(
      (select $${first}::text[]), (select $${first + 1}::text[]), (select $${first + 2}::bigint[]),
      (select $${first + 3}::int[]), (select $${first + 4}::int[]), (select $${first + 5}::text[])
    ) as i (entity_type, entity_id, revision, at, size, ${last})
    where (select known from server)`;

const insertCommands = (first: number): string => `,
  recorded as (
    insert into command (entity_type, entity_id, command_id, revision, reply)
    select i.entity_type, i.entity_id, i.command_id, i.revision, substring((select bytes from sent) from i.at + 1 for i.size)
    ${rowsFrom(first, "command_id")}
  )`;

const upsertSnapshots = (first: number): string => `,
  kept as (
    insert into snapshot (entity_type, entity_id, revision, state, fingerprint)
    select i.entity_type, i.entity_id, i.revision, substring((select bytes from sent) from i.at + 1 for i.size), i.fingerprint
    ${rowsFrom(first, "fingerprint")}
    on conflict (entity_type, entity_id) do update
      set revision = excluded.revision, state = excluded.state, fingerprint = excluded.fingerprint,
        recorded_at = excluded.recorded_at
      where snapshot.revision < excluded.revision or snapshot.fingerprint <> excluded.fingerprint
  )`;

const insertTells = (first: number): string => `,
  relayed as (
    insert into outbox (slice, stream, subject, message_id, key, headers, body, due_at)
    select i.slice, i.stream, i.subject, i.message_id, i.key,
      convert_from(substring((select bytes from sent) from i.at + 1 for i.header_size), 'UTF8')::jsonb,
      substring((select bytes from sent) from i.at + i.header_size + 1 for i.size),
      clock_timestamp() + i.delay_ms * interval '1 millisecond'
    from unnest(
      (select $${first}::smallint[]), (select $${first + 1}::text[]), (select $${first + 2}::text[]),
      (select $${first + 3}::text[]), (select $${first + 4}::text[]), (select $${first + 5}::int[]),
      (select $${first + 6}::int[]), (select $${first + 7}::int[]), (select $${first + 8}::float8[])
    ) with ordinality as i (slice, stream, subject, message_id, key, at, header_size, size, delay_ms, ordinal)
    where (select known from server)
    order by i.ordinal
  )`;

function statementOf({ commands, snapshots, tells }: Kinds): string {
  const afterCommands = commands ? 19 : 13;
  const afterSnapshots = snapshots ? afterCommands + 6 : afterCommands;
  return `
  with server as materialized (
    select pg_postmaster_start_time()::text as since, pg_backend_pid() as pid,
      pg_postmaster_start_time()::text = $1 and pg_backend_pid() = any($2::int[]) as known
  ),
  sent as materialized (select decode($5::text, 'base64') as bytes),${insertEvents}${commands ? insertCommands(13) : ""}${snapshots ? upsertSnapshots(afterCommands) : ""}${tells ? insertTells(afterSnapshots) : ""}
  select since, pid, known, pg_notify($3, '') as told${tells ? `, pg_notify(current_schema() || '.outbox', '') as woken` : ""}
  from server`;
}

/** One for each combination of kinds: a group without a kind pays nothing for it. */
const statements: readonly string[] = Array.from({ length: 8 }, (_, kinds) =>
  statementOf({ commands: (kinds & 1) > 0, snapshots: (kinds & 2) > 0, tells: (kinds & 4) > 0 }),
);

function statementFor({ commands, snapshots, tells }: Kinds): string {
  const statement = statements[(commands ? 1 : 0) + (snapshots ? 2 : 0) + (tells ? 4 : 0)];
  if (statement === undefined) throw new Error("The journal lacks a statement");
  return statement;
}

/** What a quick statement answers. */
export interface QuickRow extends Server {
  /** Whether the server is the expected one, and so whether the rows are written. */
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
  options: QuickOptions,
  appends: readonly Append[],
): Promise<QuickResult> {
  const [only] = appends;
  const row =
    only !== undefined && appends.length === 1 && isSingle(only)
      ? await runQuickAppend(sql, options, only)
      : await runGroup(sql, options, appends);
  if (row === undefined) throw new Error("The journal's quick statement gave no row");
  return { written: row.known, server: row };
}

async function runGroup(
  sql: Sql,
  { channel, server, appendId }: QuickOptions,
  appends: readonly Append[],
): Promise<QuickRow | undefined> {
  const { bytes, events, commands, snapshots, tells } = quickParameters(appends.toSorted(byKey));
  const [row] = await sql.unsafe<QuickRow[]>(
    statementFor({ commands: commands.length > 0, snapshots: snapshots.length > 0, tells: tells.length > 0 }),
    [
      server.since,
      plainArray(server.pids),
      channel,
      appendId,
      bytes,
      ...events,
      ...commands,
      ...snapshots,
      ...tells,
    ],
    { prepare: true },
  );
  return row;
}
