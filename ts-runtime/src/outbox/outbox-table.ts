// The statements of the outbox. Rows hold what goes on the wire: headers and ids are encoded already.
import { rangeCount } from "../cluster/index.ts";
import { sliceCount } from "../descriptor/index.ts";
import { plainArray, textArray, type Database } from "../postgres/index.ts";

/** A message that waits in the outbox. */
export interface OutboxRow {
  readonly id: bigint;
  readonly slice: number;
  /** Without the topic prefix, as the subject. */
  readonly stream: string;
  readonly subject: string;
  readonly messageId: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface DueRows {
  /** In the order of their ids. */
  readonly rows: readonly OutboxRow[];
  /** Whether there may be more at once. */
  readonly full: boolean;
  /** When the next row is due that waits for its time, in milliseconds from now. */
  readonly nextInMs: number | undefined;
}

export interface DueOptions {
  readonly ranges: readonly number[];
  /** Rows that are known already. */
  readonly except: Iterable<bigint>;
  /** Streams to leave alone. */
  readonly exceptStreams: Iterable<string>;
  readonly limit: number;
}

interface Row {
  readonly id: bigint | null;
  readonly slice: number;
  readonly stream: string;
  readonly subject: string;
  readonly message_id: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>> | null;
  readonly body: Uint8Array;
  readonly next_ms: number | null;
}

const slicesPerRange = sliceCount / rangeCount;

/** The rows that are due, those that were due at once and those whose time has come. */
export async function readDue(database: Database, options: DueOptions): Promise<DueRows> {
  const { ranges, limit } = options;
  const except = plainArray([...options.except]);
  const exceptStreams = textArray([...options.exceptStreams]);
  const found = await database.bounded((sql) => {
    const columns = sql`id, slice, stream, subject, message_id, key, headers, body`;
    const ours = sql`
      ${sql.unsafe(`slice / ${slicesPerRange} = any('{${ranges.join(",")}}')`)}
      and id <> all(${except}::bigint[]) and stream <> all(${exceptStreams}::text[])`;
    return sql<Row[]>`
      with due as (
        (select ${columns} from outbox where due_at is null and ${ours} order by id limit ${limit})
        union all
        (select ${columns} from outbox
          where due_at is not null and due_at <= clock_timestamp() and ${ours} order by due_at, id limit ${limit})
      )
      (select ${columns}, null::float8 as next_ms from due order by id limit ${limit})
      union all
      select null, null, null, null, null, null, null, null,
        (select extract(epoch from due_at - clock_timestamp()) * 1000 from outbox
          where due_at is not null and due_at > clock_timestamp() order by due_at limit 1)::float8`;
  });
  const rows: OutboxRow[] = [];
  let nextInMs: number | undefined;
  for (const { id, message_id: messageId, headers, next_ms: nextMs, ...rest } of found) {
    if (id === null) nextInMs = nextMs ?? undefined;
    else rows.push(Object.assign(rest, { id, messageId, headers: headers ?? {} }));
  }
  rows.sort((a, b) => (a.id < b.id ? -1 : 1));
  return { rows, full: rows.length >= limit, nextInMs };
}

/** Takes out what is published. */
export async function deleteRows(database: Database, ids: readonly bigint[]): Promise<void> {
  await database.bounded((sql) => sql`delete from outbox where id = any(${plainArray(ids)}::bigint[])`);
}
