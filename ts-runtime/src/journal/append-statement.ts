// The one statement that appends (J2, J7): it judges every append of a group against what is committed, writes those
// that stand, and says what became of each.
//
// Invariants:
//   S1. It may be sent again whenever its outcome is unknown: an append that is there, by its id, is "appended".
//   S2. It is a transaction of its own, and the insert its first write; so an entity's later revision has a later
//       transaction id (J4).
//   S3. Rows are written in the order of their keys, so that two groups of two processes do not deadlock. Timers come
//       before events, and `change_timers` (steps 5 and 13) sees to their order.
//   S4. An append that a timer fires stands only while that timer does. The timer ends with it.
//
// The arrays stand in sub-selects to hide their lengths from the planner: it would plan the statement anew each time,
// as a plan for known lengths looks cheaper than the kept one, and planning takes four times as long as running.
//
// All bytes of a group travel as one `bytea`, cut by offsets: the driver writes arrays of `bytea` as escaped text.
import { sliceOf } from "../descriptor/index.ts";
import { plainArray, textArray, type Sql } from "../postgres/index.ts";
import type { Append, AppendResult } from "./journal.ts";
import { OutboxRows } from "./outbox-rows.ts";
import type { TimerChange } from "./timer-change.ts";

/** An append with the id by which it knows itself again (S1). */
export interface IdentifiedAppend extends Append {
  readonly appendId: string;
}

const blob = (index: string): string =>
  `substring($13::bytea from ($14::int[])[${index}] + 1 for ($14::int[])[${index} + 1] - ($14::int[])[${index}])`;

/** What a group with tells has beside the rest; its parameters are behind those of all groups. */
const insertTells = `,
  relayed as (
    insert into outbox (slice, stream, subject, message_id, key, headers, body, due_at)
    select i.slice, i.stream, i.subject, i.message_id, i.key,
      convert_from(${blob("i.blob")}, 'UTF8')::jsonb, ${blob("i.blob + 1")},
      clock_timestamp() + i.delay_ms * interval '1 millisecond'
    from unnest(
      (select $24::int[]), (select $25::smallint[]), (select $26::text[]), (select $27::text[]), (select $28::text[]),
      (select $29::text[]), (select $30::int[]), (select $31::int[]), (select $32::int[]), (select $33::float8[])
    ) with ordinality as i (
      append, slice, stream, subject, message_id, key, blob, header_size, size, delay_ms, ordinal
    )
    where exists (select from judged j where j.ordinal = i.append and j.verdict = 'append')
    order by i.ordinal
  )`;

const statementOf = (tells: boolean): string => `
  with judged as materialized (
    select i.*, coalesce(c.revision, 0) as actual, d.revision as duplicate_revision, d.reply as duplicate_reply,
      case
        when i.event_count > 0 and coalesce(c.revision, 0) > i.expected and i.append_id = (
          select e.append_id from event e
          where e.entity_type = i.entity_type and e.entity_id = i.entity_id and e.revision = i.expected + 1
        ) then 'appended'
        when d.revision is not null then 'duplicate'
        when i.fired_id is not null
          and not timer_stands(i.entity_type, i.entity_id, i.fired_name, i.fired_id) then 'gone'
        when coalesce(c.revision, 0) <> i.expected then 'conflict'
        else 'append'
      end as verdict
    from unnest(
      (select $1::text[]), (select $2::text[]), (select $3::bigint[]), (select $4::smallint[]),
      (select $5::uuid[]), (select $6::int[]), (select $7::int[]), (select $8::text[]),
      (select $9::text[]), (select $10::int[]), (select $11::int[]), (select $12::text[]),
      (select $15::text[]), (select $16::uuid[])
    ) with ordinality as i (
      entity_type, entity_id, expected, slice, append_id, first_event, event_count,
      metadata, command_id, reply, state, fingerprint, fired_name, fired_id, ordinal
    )
    left join lateral (
      select e.revision from event e
      where e.entity_type = i.entity_type and e.entity_id = i.entity_id
      order by e.revision desc limit 1
    ) c on true
    left join lateral (
      select m.revision, m.reply from command m
      where m.entity_type = i.entity_type and m.entity_id = i.entity_id and m.command_id = i.command_id
      limit 1
    ) d on true
  ),
  inserted as (
    insert into event (entity_type, entity_id, revision, slice, append_id, payload, metadata)
    select j.entity_type, j.entity_id, j.expected + k, j.slice, j.append_id,
      ${blob("j.first_event + k - 1")}, j.metadata::jsonb
    from judged j cross join lateral generate_series(1, j.event_count) k
    where j.verdict = 'append'
    order by j.ordinal, k
  ),
  recorded as (
    insert into command (entity_type, entity_id, command_id, revision, reply)
    select j.entity_type, j.entity_id, j.command_id, j.expected + j.event_count, ${blob("j.reply")}
    from judged j
    where j.verdict = 'append' and j.command_id is not null
    order by j.ordinal
  ),
  kept as (
    insert into snapshot (entity_type, entity_id, revision, state, fingerprint)
    select j.entity_type, j.entity_id, j.expected + j.event_count, ${blob("j.state")}, j.fingerprint
    from judged j
    where j.verdict = 'append' and j.state is not null
    order by j.ordinal
    on conflict (entity_type, entity_id) do update
      set revision = excluded.revision, state = excluded.state, fingerprint = excluded.fingerprint,
        recorded_at = excluded.recorded_at
      where snapshot.revision < excluded.revision or snapshot.fingerprint <> excluded.fingerprint
  )${tells ? insertTells : ""}
  select j.verdict, j.actual, j.duplicate_revision, j.duplicate_reply,
    (select change_timers(
      s.standing, $1::text[], $2::text[], $3::bigint[], $4::smallint[], $7::int[], $15::text[], $16::uuid[],
      $17::int[], $18::text[], $19::text[], $20::float8[], $21::float8[],
      array(select ${blob("c.request")} from unnest($22::int[]) with ordinality c (request, ordinal) order by c.ordinal),
      $23::text[]
    ) from (
      select array_agg(ordinal::int) as standing from judged
      where verdict = 'append' and (fired_id is not null or ordinal = any($17::int[]))
    ) s where s.standing is not null) as timed
  from judged j order by j.ordinal`;

const statements = { plain: statementOf(false), withTells: statementOf(true) };

interface Row {
  readonly verdict: "append" | "appended" | "conflict" | "duplicate" | "gone";
  readonly actual: bigint;
  readonly duplicate_revision: bigint | null;
  readonly duplicate_reply: Uint8Array | null;
}

/** Appends a group, at most one append per entity, as one transaction; the results stand in the order of the group. */
export async function runAppends(
  sql: Sql,
  appends: readonly IdentifiedAppend[],
): Promise<readonly AppendResult[]> {
  const order = appends.map((append, index) => ({ append, index })).sort((a, b) => byKey(a.append, b.append));
  const tells = order.some(({ append }) => append.tells !== undefined);
  const values = parameters(
    order.map(({ append }) => append),
    tells,
  );
  const rows = await sql.unsafe<Row[]>(tells ? statements.withTells : statements.plain, values, {
    prepare: true,
  });
  const results: AppendResult[] = [];
  for (const [at, { append, index }] of order.entries()) results[index] = resultOf(append, rows[at]);
  return results;
}

/** The order in which rows are written (S3). */
export function byKey(a: Append, b: Append): number {
  if (a.entityType !== b.entityType) return a.entityType < b.entityType ? -1 : 1;
  if (a.entityId !== b.entityId) return a.entityId < b.entityId ? -1 : 1;
  return 0;
}

function resultOf({ expectedRevision, events }: Append, row: Row | undefined): AppendResult {
  switch (row?.verdict) {
    case undefined:
      throw new Error("The journal's statement gave fewer rows than appends");
    case "append":
    case "appended":
      return { type: "appended", revision: expectedRevision + BigInt(events.length) };
    case "gone":
      return { type: "gone" };
    case "conflict":
      return { type: "conflict", actual: row.actual };
    case "duplicate":
      return {
        type: "duplicate",
        revision: row.duplicate_revision ?? 0n,
        reply: row.duplicate_reply ?? new Uint8Array(),
      };
  }
}

/** Those of tells stand behind the others. */
function parameters(appends: readonly IdentifiedAppend[], tells: boolean): (string | Buffer)[] {
  const blobs: Uint8Array[] = [];
  const offsets = [0];
  let size = 0;
  /** The blob's number, from 1, as Postgres counts. */
  const pack = (bytes: Uint8Array): number => {
    size += bytes.length;
    offsets.push(size);
    return blobs.push(bytes);
  };
  const firstEvents = appends.map(({ events }) => {
    const first = blobs.length + 1;
    for (const { payload } of events) pack(payload);
    return first;
  });
  const replies = appends.map(({ command }) => command && pack(command.reply));
  const states = appends.map(({ snapshot }) => snapshot && pack(snapshot.state));
  const changes = appends.flatMap(({ timers = [] }, index) =>
    timers.map((change) => timerRow(change, index + 1, pack)),
  );
  const relayed = tells ? tellColumns(appends, pack) : [];
  return [
    textArray(appends.map(({ entityType }) => entityType)),
    textArray(appends.map(({ entityId }) => entityId)),
    plainArray(appends.map(({ expectedRevision }) => expectedRevision)),
    plainArray(appends.map(({ entityId }) => sliceOf(entityId))),
    plainArray(appends.map(({ appendId }) => appendId)),
    plainArray(firstEvents),
    plainArray(appends.map(({ events }) => events.length)),
    textArray(appends.map(({ metadata }) => metadata && JSON.stringify(metadata))),
    textArray(appends.map(({ command }) => command?.id)),
    plainArray(replies),
    plainArray(states),
    textArray(appends.map(({ snapshot }) => snapshot?.fingerprint)),
    Buffer.concat(blobs, size),
    plainArray(offsets),
    textArray(appends.map(({ fires }) => fires?.name)),
    plainArray(appends.map(({ fires }) => fires?.id)),
    plainArray(changes.map(({ ordinal }) => ordinal)),
    textArray(changes.map(({ name }) => name)),
    textArray(changes.map(({ command }) => command)),
    plainArray(changes.map(({ afterMs }) => afterMs)),
    plainArray(changes.map(({ atMs }) => atMs)),
    plainArray(changes.map(({ request }) => request)),
    textArray(changes.map(({ metadata }) => metadata && JSON.stringify(metadata))),
    ...relayed,
  ];
}

function tellColumns(
  appends: readonly IdentifiedAppend[],
  pack: (bytes: Uint8Array) => number,
): readonly string[] {
  const rows = new OutboxRows(pack);
  const numbers: number[] = [];
  for (const [index, { tells = [] }] of appends.entries()) {
    for (const tell of tells) {
      rows.add(tell);
      numbers.push(index + 1);
    }
  }
  return [plainArray(numbers), ...rows.columns()];
}

interface TimerRow {
  /** The number of the append, from 1. */
  readonly ordinal: number;
  readonly name: string;
  /** Undefined where the timer is cancelled, as is what follows. */
  readonly command?: string;
  readonly afterMs?: number | undefined;
  readonly atMs?: number | undefined;
  /** The number of the blob. */
  readonly request?: number;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

function timerRow(change: TimerChange, ordinal: number, pack: (bytes: Uint8Array) => number): TimerRow {
  const { name } = change;
  if (change.type === "cancel") return { ordinal, name };
  const { command, request, due, metadata } = change;
  const times = "at" in due ? { atMs: due.at.getTime() } : { afterMs: due.afterMs };
  return { ordinal, name, command, request: pack(request), metadata, ...times };
}
