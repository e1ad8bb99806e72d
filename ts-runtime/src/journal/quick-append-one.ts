// The quick way of a single event: the same promises as `quick-append.ts`, without arrays. A group of one is what a
// service that is not busy has, so this is its latency: 350 µs in place of 420, of which the bare insert takes 300.
import { sliceOf } from "../descriptor/index.ts";
import { plainArray, type Sql } from "../postgres/index.ts";
import type { Append } from "./journal.ts";
import type { QuickOptions, QuickRow } from "./quick-append.ts";

const statementOf = (command: boolean): string => `
  with server as materialized (
    select pg_postmaster_start_time()::text as since, pg_backend_pid() as pid,
      pg_postmaster_start_time()::text = $1 and pg_backend_pid() = any($2::int[]) as known
  ),
  inserted as (
    insert into event (entity_type, entity_id, revision, slice, append_id, payload, metadata)
    select $4::text, $5::text, $6::bigint, $7::smallint, $3::uuid, $8::bytea, $9::text::jsonb
    where (select known from server)
  )${
    command
      ? `,
  recorded as (
    insert into command (entity_type, entity_id, command_id, revision, reply)
    select $4::text, $5::text, $10::text, $6::bigint, $11::bytea
    where (select known from server)
  )`
      : ""
  }
  select since, pid, known from server`;

const plain = statementOf(false);
const withCommand = statementOf(true);

/** Whether an append is one event, with the record of its command at the most. */
export function isSingle({ events, snapshot, tells }: Append): boolean {
  return events.length === 1 && snapshot === undefined && tells === undefined;
}

/** Appends what `isSingle`. @throws What Postgres says, as `runQuickAppends` does. */
export async function runQuickAppend(
  sql: Sql,
  { server, appendId }: QuickOptions,
  append: Append,
): Promise<QuickRow | undefined> {
  const { entityType, entityId, expectedRevision, events, command, metadata } = append;
  const [event] = events;
  if (event === undefined) throw new RangeError("An append of one event has none");
  const values = [
    server.since,
    plainArray(server.pids),
    appendId,
    entityType,
    entityId,
    String(expectedRevision + 1n),
    sliceOf(entityId),
    bytesOf(event.payload),
    metadata === undefined ? null : JSON.stringify(metadata),
  ];
  const [row] =
    command === undefined
      ? await sql.unsafe<QuickRow[]>(plain, values, { prepare: true })
      : await sql.unsafe<QuickRow[]>(withCommand, [...values, command.id, bytesOf(command.reply)], {
          prepare: true,
        });
  return row;
}

/** The driver knows a `Buffer`. */
function bytesOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
