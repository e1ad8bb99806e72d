// Plain services that carry a command out once, however often it is sent: by a tell or by a call with a command id.
//
// Invariants:
//   I1. What a handler writes through its `sql`, and the record of its command with the reply, are one transaction: both
//       are there or neither is. So a repeated command gets the first reply and writes nothing.
//   I2. Of two that run at the same time, the record of one is refused; that one is rolled back, and reads the reply of
//       the other.
//   I3. A rejection is no reply: it leaves no record, and the next attempt may go otherwise.
import type {
  DescMessage,
  DescMethod,
  DescMethodUnary,
  DescService,
  Message,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { decode, encode } from "../codec/index.ts";
import { MethodOptions_IdempotencyLevel as Idempotency } from "@bufbuild/protobuf/wkt";
import { create } from "@bufbuild/protobuf";
import { Code, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import { commandIdHeader, maxCommandIdLength } from "../client/index.ts";
import { findKeyField, keyOf } from "../descriptor/index.ts";
import { SamspelError } from "../errors/index.ts";
import {
  isTransient,
  isUniqueViolation,
  transact,
  type Database,
  type Sql,
  type TransactionSql,
} from "../postgres/index.ts";
import { createLatch } from "../resilience/index.ts";
import { nameOf } from "./address.ts";

/** What the handlers of a service with an inbox get beside the request. */
export interface InboxContext extends HandlerContext {
  /** The transaction that also records the command: what is written through it takes effect once. */
  readonly sql: TransactionSql;
}

/** The implementation of a service with an inbox: its unary methods run in a transaction. */
export type InboxImpl<S extends DescService> = {
  [K in keyof S["method"]]: S["method"][K] extends DescMethodUnary<infer I, infer O>
    ? (request: MessageShape<I>, context: InboxContext) => MessageInitShape<O> | Promise<MessageInitShape<O>>
    : ServiceImpl<S>[K];
};

type Reply = MessageInitShape<DescMessage>;
type UnaryHandler = (request: Message, context: InboxContext) => Reply | Promise<Reply>;

/** An implementation whose unary methods run in a transaction that records them. */
export function withInbox<S extends DescService>(
  service: S,
  implementation: InboxImpl<S>,
  sql: () => Sql,
): ServiceImpl<S> {
  const methods: Record<string, unknown> = {};
  for (const method of service.methods) {
    const handler: unknown = Reflect.get(implementation, method.localName);
    if (typeof handler !== "function") continue;
    const bound: unknown = handler.bind(implementation);
    methods[method.localName] =
      method.methodKind === "unary" ? once(method as DescMethodUnary, bound as UnaryHandler, sql) : bound;
  }
  return methods as ServiceImpl<S>;
}

function once(
  method: DescMethodUnary,
  handler: UnaryHandler,
  sql: () => Sql,
): (request: Message, context: HandlerContext) => Promise<Message> {
  return (request, context) => runOnce({ method, handler, sql: sql() }, request, context);
}

interface Inboxed {
  readonly method: DescMethodUnary;
  readonly handler: UnaryHandler;
  readonly sql: Sql;
}

/** A race is lost to somebody who committed: so the second look finds the record. */
const maxAttempts = 3;

async function runOnce(
  { method, handler, sql }: Inboxed,
  request: Message,
  context: HandlerContext,
): Promise<Message> {
  const record = recordOf(method, request, context);
  for (let attempt = 1; ; attempt++) {
    try {
      return await transact(sql, async (tx) => {
        const recorded = record && (await find(tx, record));
        if (recorded !== undefined) return decode(method.output, recorded);
        const reply = create(method.output, await handler(request, { ...context, sql: tx }));
        if (record !== undefined) await insert(tx, record, encode(method.output, reply));
        return reply;
      });
    } catch (error) {
      if (isTransient(error)) throw unreachable(method, error);
      if (!(error instanceof RecordTaken) || attempt === maxAttempts) throw error;
    }
  }
}

/** Whether it was committed is unknown; who sends it again with the same id learns that. */
function unreachable(method: DescMethod, cause: unknown): SamspelError {
  return new SamspelError(
    "SAMSPEL_DATABASE_UNREACHABLE",
    `The database was away while ${nameOf(method)} ran: whether it took effect is unknown`,
    { cause },
  );
}

interface CommandRecord {
  /** Its full name. */
  readonly method: string;
  readonly key: string;
  readonly commandId: string;
}

/** Undefined for what need not be known again: without an id, and what only looks. */
function recordOf(
  method: DescMethodUnary,
  request: Message,
  { requestHeader }: HandlerContext,
): CommandRecord | undefined {
  const commandId = requestHeader.get(commandIdHeader);
  if (commandId === null || method.idempotency === Idempotency.NO_SIDE_EFFECTS) return undefined;
  if (commandId === "" || commandId.length > maxCommandIdLength) throw badId(method, commandId);
  const keyField = findKeyField(method.input);
  return { method: nameOf(method), key: keyField === undefined ? "" : keyOf(keyField, request), commandId };
}

function badId(method: DescMethod, id: string): SamspelError {
  return new SamspelError(
    "SAMSPEL_INVALID_REQUEST",
    `Header ${commandIdHeader} of ${nameOf(method)} must have 1 to ${maxCommandIdLength} characters: it has ${id.length}`,
    { grpc: Code.InvalidArgument },
  );
}

/** Somebody else carried the command out at the same time (I2). */
class RecordTaken extends Error {}

async function find(tx: TransactionSql, record: CommandRecord): Promise<Uint8Array | undefined> {
  const [row] = await tx<{ reply: Uint8Array }[]>`
    select reply from handled
    where method = ${record.method} and key = ${record.key} and command_id = ${record.commandId}`;
  return row?.reply;
}

async function insert(tx: TransactionSql, record: CommandRecord, reply: Uint8Array): Promise<void> {
  try {
    await tx`
      insert into handled (method, key, command_id, reply)
      values (${record.method}, ${record.key}, ${record.commandId}, ${Buffer.from(reply)})`;
  } catch (error) {
    if (isUniqueViolation(error))
      throw new RecordTaken("The command was carried out meanwhile", { cause: error });
    throw error;
  }
}

const pruneEveryMs = 600_000;
const pruneBatch = 1_000;

/** Forgets the records of old commands, now and then, until `signal` aborts; instances share the work. */
export async function pruneHandled({
  database,
  retentionMs,
  signal,
  everyMs = pruneEveryMs,
}: {
  readonly database: Database;
  readonly retentionMs: number;
  readonly signal: AbortSignal;
  /** Default 10 minutes. */
  readonly everyMs?: number;
}): Promise<void> {
  const pace = createLatch();
  while (!signal.aborted) {
    // Jittered, as all instances of a service start together.
    await pace.wait(everyMs * (0.5 + Math.random()), signal);
    try {
      while (!signal.aborted && (await pruneHandledBatch(database, retentionMs)) === pruneBatch);
    } catch (error) {
      database.logger.warn({ err: error }, "old records of the inbox not pruned: trying again later");
    }
  }
}

/** Deletes one batch of what is older than the retention; says how many there were. */
export async function pruneHandledBatch({ bounded }: Database, retentionMs: number): Promise<number> {
  const deleted = await bounded(
    (sql) => sql`
      delete from handled where ctid = any(array(
        select ctid from handled
        where recorded_at < clock_timestamp() - ${retentionMs} * interval '1 millisecond'
        limit ${pruneBatch} for update skip locked
      ))`,
  );
  return deleted.count;
}
