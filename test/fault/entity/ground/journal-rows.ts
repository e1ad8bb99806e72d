// The journal as it stands in the tables, read past all code under test but the event's own message.
import { fromBinary } from "@bufbuild/protobuf";
import postgres from "postgres";
import { CounterEventSchema, CounterSchema } from "../../../gen/samspel/test/v1/counter_pb.ts";

export interface Place {
  readonly url: string;
  readonly schema: string;
}

export interface EventRow {
  readonly entityId: string;
  readonly revision: number;
  readonly amount: bigint;
  /** What the amounts add up to, this one included. */
  readonly value: bigint;
}

export interface JournalRows {
  /** By counter, in the order of the revisions. */
  readonly events: ReadonlyMap<string, readonly EventRow[]>;
  /** `id/revision` of each, in the journal's one order. */
  readonly order: readonly string[];
  /** The revision that each command id stands for, by `entity/id`. */
  readonly commands: ReadonlyMap<string, number>;
  readonly snapshots: readonly {
    readonly entityId: string;
    readonly revision: number;
    readonly value: bigint;
  }[];
}

export async function readJournalRows({ url, schema }: Place): Promise<JournalRows> {
  const sql = postgres(url, { max: 1, onnotice: () => {}, connection: { search_path: `"${schema}"` } });
  try {
    const rows = await sql<{ entity_id: string; revision: string; payload: Uint8Array }[]>`
      select entity_id, revision, payload from event order by tx, position`;
    const commands = await sql<{ entity_id: string; command_id: string; revision: string }[]>`
      select entity_id, command_id, revision from command`;
    const snapshots = await sql<{ entity_id: string; revision: string; state: Uint8Array }[]>`
      select entity_id, revision, state from snapshot`;
    return {
      events: foldRows(rows.map((row) => ({ ...row, revision: Number(row.revision) }))),
      order: rows.map((row) => `${row.entity_id}/${row.revision}`),
      commands: new Map(
        commands.map((row) => [`${row.entity_id}/${row.command_id}`, Number(row.revision)] as const),
      ),
      snapshots: snapshots.map((row) => ({
        entityId: row.entity_id,
        revision: Number(row.revision),
        value: fromBinary(CounterSchema, row.state).value,
      })),
    };
  } finally {
    await sql.end();
  }
}

interface Row {
  readonly entity_id: string;
  readonly revision: number;
  readonly payload: Uint8Array;
}

function foldRows(rows: readonly Row[]): ReadonlyMap<string, readonly EventRow[]> {
  const events = new Map<string, EventRow[]>();
  for (const row of rows.toSorted((a, b) => a.revision - b.revision)) {
    const { event } = fromBinary(CounterEventSchema, row.payload);
    const amount = event.case === "incremented" ? event.value.amount : 0n;
    const list = events.get(row.entity_id) ?? [];
    const value = (list.at(-1)?.value ?? 0n) + amount;
    list.push({ entityId: row.entity_id, revision: row.revision, amount, value });
    events.set(row.entity_id, list);
  }
  return events;
}
