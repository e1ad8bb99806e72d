// The inbox: a note for each message that was handled, in the transaction of its handler's work.
//
// I1. A message counts once in effect: what its handler wrote and the note are one transaction, and a message that is
//     noted is left out; also where it was published twice, however long ago, as far as notes are kept.
// I2. A process that lost its partition and does not know it yet, as it was frozen, begins no message: each holder gets
//     a token of its own from the database, and a transaction looks for it first. Whoever takes a token makes sure
//     afterwards that the partition still is its own.
// I3. A transaction that such a process has left open holds up nobody: whoever takes the partition ends it. Each
//     transaction marks its partition with a shared advisory lock, by which it is found. What begins in that very
//     moment is ended by the server after `idleMs`.
// I4. A database that is away, or ends a transaction for reasons of its own, is no attempt at a message: it waits.
import {
  errorCodeOf,
  isTransient,
  textArray,
  transact,
  type Database,
  type Sql,
  type TransactionSql,
} from "../postgres/index.ts";
import type { Logger } from "../telemetry/index.ts";
import { Fenced, Postponed, type GroupName } from "./consume/index.ts";

/** Notes what a group has handled. */
export interface Inbox {
  /** Takes the token of a partition; to be called when it was taken, before its lease is looked at again (I2). */
  take(partition: number): Promise<void>;
  /**
   * Runs `work` in a transaction that notes messages, with the ids that were not noted before; not at all where all
   * were.
   * @throws `Fenced` where somebody else took the token, `Postponed` where the database is to blame (I4).
   */
  handle(
    partition: number,
    ids: readonly string[],
    work: (sql: TransactionSql, fresh: ReadonlySet<string>) => unknown,
  ): Promise<void>;
}

/** What notes of a group are filed under. */
export function inboxName({ stream, group }: GroupName): string {
  return `${group}/${stream}`;
}

/** Forgets what a group's inbox has noted, so that messages count again after a reset. */
export async function forgetNotes(sql: Sql, group: GroupName): Promise<void> {
  await sql`delete from inbox where group_name = ${inboxName(group)}`;
}

export interface InboxOptions {
  readonly database: Database;
  /** The group and what it subscribes to. */
  readonly name: string;
  /** How long a transaction may wait for its process. */
  readonly idleMs: number;
}

/** Opens the inbox of a group. */
export function openInbox({ database, name, idleMs }: InboxOptions): Inbox {
  const tokens = new Map<number, bigint>();
  return {
    async take(partition) {
      const [row] = await database.bounded(
        (sql) => sql<{ token: bigint }[]>`
          insert into inbox_fence (group_name, partition, token) values (${name}, ${partition}, 1)
          on conflict (group_name, partition) do update set token = inbox_fence.token + 1
          returning token`,
      );
      if (row !== undefined) tokens.set(partition, row.token);
      await database.bounded((sql) => endOthers(sql, name, partition));
    },
    async handle(partition, ids, work) {
      const token = tokens.get(partition) ?? 0n;
      const failure: { ofWork?: unknown } = {};
      const run = async (sql: TransactionSql): Promise<void> => {
        const fresh = await note(sql, { name, partition, token, ids, idleMs });
        if (fresh.size === 0) return;
        try {
          await work(sql, fresh);
        } catch (error) {
          failure.ofWork = error;
          throw error;
        }
      };
      await transact(database.sql, run).catch((error: unknown) => {
        if (!isTransient(error) || (error === failure.ofWork && !isOfPostgres(error))) throw error;
        throw new Postponed("The database of the inbox is away", { cause: error }); // I4
      });
    },
  };
}

/** Ends what earlier holders of a partition have left open (I3). */
async function endOthers(sql: Sql, name: string, partition: number): Promise<void> {
  await sql`
    select pg_terminate_backend(pid) from pg_locks
    where locktype = 'advisory' and objsubid = 2
      and database = (select oid from pg_database where datname = current_database())
      and classid = (${lockSpace(sql, name)}::bigint & 4294967295)::oid and objid = ${partition}::bigint::oid`;
}

/** The space of a group's advisory locks; the partition is the key in it. */
function lockSpace(sql: Sql | TransactionSql, name: string): ReturnType<Sql> {
  return sql`hashtext('samspel.inbox.' || current_schema() || '.' || ${name})`;
}

/** Whether a handler's own failure comes from its statements, and not from somebody else whom it could not reach. */
function isOfPostgres(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error.name === "PostgresError" || errorCodeOf(error)?.startsWith("CONNECT") === true)
  );
}

interface Note {
  readonly name: string;
  readonly partition: number;
  readonly token: bigint;
  readonly ids: readonly string[];
  readonly idleMs: number;
}

/** Notes messages; gives those that were not noted. */
async function note(
  sql: TransactionSql,
  { name, partition, token, ids, idleMs }: Note,
): Promise<ReadonlySet<string>> {
  const rows = await sql<{ id: string | null }[]>`
    with fence as (
      select from inbox_fence
      where group_name = ${name} and partition = ${partition} and token = ${sql.types.bigint(token)}
        and set_config('idle_in_transaction_session_timeout', ${String(idleMs)}, true) is not null
        and pg_try_advisory_xact_lock_shared(${lockSpace(sql, name)}, ${partition}) is not null
    ), noted as (
      insert into inbox (group_name, message_id)
      select ${name}, id from unnest(${textArray(ids)}::text[]) id where exists (select from fence)
      on conflict do nothing
      returning message_id
    )
    select message_id as id from noted
    union all select null from fence`;
  if (!rows.some(({ id }) => id === null)) {
    throw new Fenced(`Partition ${partition} of ${name} is another process's now`);
  }
  return new Set(rows.flatMap(({ id }) => id ?? []));
}

const pruneBatch = 10_000;

export interface PruneOptions {
  readonly name: string;
  readonly retentionMs: number;
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/** Removes the notes of a group that are older than `retentionMs`. */
export async function pruneInbox(database: Database, options: PruneOptions): Promise<void> {
  const { signal, logger } = options;
  let pruned = 0;
  for (let last = pruneBatch; last === pruneBatch && !signal.aborted; pruned += last) {
    last = await database.bounded((sql) => pruneSome(sql, options));
  }
  if (pruned > 0) logger.debug({ notes: pruned }, "old notes of the inbox removed");
}

async function pruneSome(sql: Sql, { name, retentionMs }: PruneOptions): Promise<number> {
  const { count } = await sql`
    delete from inbox where ctid = any(array(
      select ctid from inbox
      where handled_at < clock_timestamp() - ${retentionMs} * interval '1 millisecond' and group_name = ${name}
      limit ${pruneBatch}
    ))`;
  return count;
}
