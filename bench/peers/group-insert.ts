// The limit: raw multi-row inserts with `pg`, binary parameters, whatever waits in one statement. It checks nothing,
// answers nothing and keeps no state.
import { randomUUID } from "node:crypto";
import { Client } from "pg";

export interface GroupInsert {
  insert(entityId: string, revision: bigint, payload: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

interface Row {
  readonly entityId: string;
  readonly revision: bigint;
  readonly payload: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const statement = `
  insert into event (entity_type, entity_id, revision, slice, append_id, payload)
  select 'bench', entity_id, revision, slice, append_id, payload
  from unnest($1::text[], $2::bigint[], $3::smallint[], $4::uuid[], $5::bytea[])
    as t (entity_id, revision, slice, append_id, payload)`;

const slice = Buffer.from([0, 7]);
const oids = { text: 25, bigint: 20, smallint: 21, uuid: 2950, bytea: 17 } as const;

/** Inserts events in groups over one connection, into the tables of a migrated schema. */
export async function createGroupInsert(url: string, schema: string): Promise<GroupInsert> {
  const client = new Client(url);
  await client.connect();
  await client.query(`set search_path = "${schema}"`);
  const waiting: Row[] = [];
  let underWay = false;
  let scheduled = false;

  const run = async (): Promise<void> => {
    const group = waiting.splice(0, 256);
    try {
      await client.query({ name: "insert", text: statement, values: parameters(group) });
      for (const { resolve } of group) resolve();
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
    underWay = false;
    schedule();
  };
  const schedule = (): void => {
    if (scheduled || underWay || waiting.length === 0) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      underWay = true;
      void run();
    });
  };
  return {
    insert: (entityId, revision, payload) =>
      new Promise((resolve, reject) => {
        waiting.push({ entityId, revision, payload, resolve, reject });
        schedule();
      }),
    close: () => client.end(),
  };
}

function parameters(group: readonly Row[]): readonly Buffer[] {
  const appendId = Buffer.from(randomUUID().replaceAll("-", ""), "hex");
  return [
    binaryArray(
      oids.text,
      group.map(({ entityId }) => Buffer.from(entityId)),
    ),
    binaryArray(
      oids.bigint,
      group.map(({ revision }) => bigintBytes(revision)),
    ),
    binaryArray(
      oids.smallint,
      group.map(() => slice),
    ),
    binaryArray(
      oids.uuid,
      group.map(() => appendId),
    ),
    binaryArray(
      oids.bytea,
      group.map(({ payload }) => payload),
    ),
  ];
}

function bigintBytes(value: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigInt64BE(value);
  return bytes;
}

/** Postgres's binary form of a one-dimensional array without NULLs. */
function binaryArray(elementOid: number, items: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.allocUnsafe(20 + items.reduce((size, item) => size + 4 + item.length, 0));
  for (const [index, value] of [1, 0, elementOid, items.length, 1].entries())
    bytes.writeInt32BE(value, index * 4);
  let at = 20;
  for (const item of items) {
    bytes.writeInt32BE(item.length, at);
    bytes.set(item, at + 4);
    at += 4 + item.length;
  }
  return bytes;
}
