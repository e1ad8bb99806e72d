// The journal of one service: every event of its entities, for ever, in the service's own schema. It holds bytes; what
// they mean is the entity's business.
import type { HeldRange } from "../cluster/index.ts";
import type { Database, TransactionSql } from "../postgres/index.ts";
import type { OutboxMessage } from "./outbox-message.ts";
import type { Position } from "./position.ts";
import type { FiredTimer, TimerChange } from "./timer-change.ts";

export interface JournalOptions {
  /** Migrated: see `migrate`. */
  readonly database: Database;
  /** The most appends that wait or are under way; one more is refused. Default 10,000. */
  readonly maxPending?: number;
  /** The most bytes of appends that wait or are under way. Default 64 MiB. */
  readonly maxPendingBytes?: number;
  /** The most appends of one round trip. Default 256. */
  readonly maxBatch?: number;
  /** The largest event, as bytes of its message. Default 1 MiB, which is also what NATS takes by default. */
  readonly maxEventBytes?: number;
  /**
   * How many round trips may be under way at once. Default 3: while the database works on one, this process prepares
   * another. At 256 in flight, 1, 2, 3 and 4 came to 52,000, 62,000, 68,000 and 62,000 commands/s on two cores.
   */
  readonly maxInFlight?: number;
  /** How long an append is tried again while the database is away, before its outcome is given up as unknown. Default 30,000 ms. */
  readonly retryForMs?: number;
  /** How long the record of a command is kept (J3). Default 7 days. */
  readonly commandRetentionMs?: number;
}

/** What one command leaves behind: one transaction (J2). */
export interface Append {
  readonly entityType: string;
  readonly entityId: string;
  /** The revision that the events stand on; 0 for a new entity. */
  readonly expectedRevision: bigint;
  /**
   * The journal's `incarnation` from before the expected revision was read or appended. With it the append is quick:
   * it is known not to leave a gap. Without it, or with an older one, the revision is looked up.
   */
  readonly incarnation?: number | undefined;
  /** May be empty: then only the command's record is written, and the revision is checked all the same. */
  readonly events: readonly NewEvent[];
  /** Kept beside each event, such as a trace context. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** The command's id and its reply, which a retry gets again (J3). */
  readonly command?: { readonly id: string; readonly reply: Uint8Array } | undefined;
  /** The state after the last of the events (J5). */
  readonly snapshot?: { readonly state: Uint8Array; readonly fingerprint: string } | undefined;
  /** Timers that the command schedules and cancels; at most one change of a name. */
  readonly timers?: readonly TimerChange[] | undefined;
  /** The timer that the command comes from: it ends with this append, and without it nothing is appended. */
  readonly fires?: FiredTimer | undefined;
  /** Messages that leave through the outbox, in this order for each key; none where nothing is appended (J2). */
  readonly tells?: readonly OutboxMessage[] | undefined;
}

interface NewEvent {
  readonly payload: Uint8Array;
}

export type AppendResult =
  /** It is committed; `revision` is that of its last event. */
  | { readonly type: "appended"; readonly revision: bigint }
  /** Another writer was there: the entity is at `actual`, and nothing was written. */
  | { readonly type: "conflict"; readonly actual: bigint }
  /** The command was handled before, at `revision`: this is the reply of then, and nothing was written. */
  | { readonly type: "duplicate"; readonly revision: bigint; readonly reply: Uint8Array }
  /** The timer that `fires` names was cancelled, replaced or fired meanwhile, and nothing was written. */
  | { readonly type: "gone" };

/** What a command leaves behind that forgets what was before: one transaction, too. */
export interface Forgetting extends Omit<Append, "command" | "snapshot" | "timers"> {
  /** The command's id, which a retry finds again with the reply of `Rewriting` (J3). */
  readonly commandId?: string;
  /** Begins a rewriting; called again where the transaction has to be tried again. */
  readonly rewrite: () => Rewriting;
}

/** The rewriting of an entity's history. */
export interface Rewriting {
  /**
   * What remains of an event; none of its bytes where it is erased. It is called for each event, in order, up to
   * `expectedRevision`. "erase" erases all of them, unread.
   */
  readonly event: ((payload: Uint8Array) => Uint8Array) | "erase";
  /** The command's reply; called when all events have passed. */
  readonly reply: () => Uint8Array;
}

/** An event as it stands in the journal. */
export interface JournalEvent {
  readonly entityType: string;
  readonly entityId: string;
  readonly revision: bigint;
  readonly slice: number;
  readonly position: Position;
  readonly payload: Uint8Array;
  readonly metadata: Readonly<Record<string, string>>;
  readonly recordedAt: Date;
}

export interface RecoverOptions {
  readonly entityType: string;
  readonly entityId: string;
  /** Of snapshots that can be read. */
  readonly fingerprint: string;
  /** The last revision to take in. Default: the newest. */
  readonly upTo?: bigint;
}

/** What an entity's state is made of again (J5). */
export interface Recovery {
  readonly snapshot: { readonly revision: bigint; readonly state: Uint8Array } | undefined;
  /** The events behind the snapshot, read page by page as they are asked for. */
  readonly events: AsyncIterable<RecoveredEvent>;
}

export interface RecoveredEvent {
  readonly revision: bigint;
  readonly payload: Uint8Array;
}

export interface ReadOptions {
  /** Exclusive. */
  readonly after: Position;
  /** The most events of a page: 1 to 100,000. Default 1,000. */
  readonly limit?: number;
  /** Default: all types. */
  readonly entityTypes?: readonly string[];
  /** Only events of slices from `from` to `to`, both inclusive, 0 to 1023. Default: all. */
  readonly slices?: { readonly from: number; readonly to: number };
  /** Only events of these ranges, 0 to 15. Default: all. */
  readonly ranges?: readonly number[];
  /** Whether events carry their metadata. Default true. */
  readonly metadata?: boolean;
}

/** Which events of one entity to read. */
export interface EntityEvents {
  readonly entityType: string;
  readonly entityId: string;
  /** A revision; exclusive. Default 0n: from the beginning. */
  readonly after?: bigint;
  /** The most events of a page: 1 to 100,000. Default 1,000. */
  readonly limit?: number;
}

/** Where the journal begins and ends, for readers. */
export interface JournalEnds {
  readonly first: Position;
  readonly last: Position;
}

export interface Page {
  /** In order of their positions. */
  readonly events: readonly JournalEvent[];
  /** Where to go on: at or behind the last event, and behind all that the filter left out. */
  readonly next: Position;
}

export interface FollowOptions extends ReadOptions {
  readonly signal: AbortSignal;
  /** How often to look without having been woken. Default 1,000 ms. */
  readonly pollMs?: number;
  /**
   * Yields an empty page, too, about so often while no event comes: how far the reader has come all the same. Default:
   * never.
   */
  readonly idleMs?: number;
}

export interface Journal extends AsyncDisposable {
  /**
   * Counts the servers, and backends of them, that this process has appended to, one after the other. A new one may lack
   * commits, as a replica that was promoted: what was learned under an older incarnation is looked up again.
   */
  readonly incarnation: number;
  /**
   * Appends events and the command's record in one transaction; what is pending goes in one round trip (J7).
   * @throws SAMSPEL_OVERLOADED when too much is pending; nothing was written.
   * @throws SAMSPEL_EVENT_TOO_LARGE for an event of more than `maxEventBytes`; nothing was written.
   * @throws SAMSPEL_DATABASE_UNREACHABLE when the database was away for so long that the outcome is unknown: read the
   *   entity again before its next command.
   */
  append(append: Append): Promise<AppendResult>;
  /**
   * Appends events and rewrites all that were before them, in one transaction: for the right to erasure. Slow and rare;
   * readers of the journal wait for it, as for any transaction that writes (J4).
   * @throws SAMSPEL_DATABASE_UNREACHABLE as `append` does.
   */
  forget(forgetting: Forgetting): Promise<AppendResult>;
  /** The entity's revision now, 0 if it has no events; asked for together with others that wait. */
  confirm(entityType: string, entityId: string): Promise<bigint>;
  /**
   * An entity's snapshot, if it was taken with this fingerprint, and the events behind it.
   * @throws SAMSPEL_JOURNAL_CORRUPT, while the events are read, where one is missing.
   */
  load(entity: RecoverOptions): Promise<Recovery>;
  /** The recorded reply of a command, if it was handled (J3). */
  loadCommand(command: {
    readonly entityType: string;
    readonly entityId: string;
    readonly commandId: string;
  }): Promise<{ readonly revision: bigint; readonly reply: Uint8Array } | undefined>;
  /**
   * One page of all entities' events, in the one order that never skips and never goes back (J4).
   * @throws RangeError for a limit or slices that cannot be.
   */
  read(options: ReadOptions): Promise<Page>;
  /** A page of one entity's events, in the order of its revisions; fewer than the limit are all there are. */
  readEntity(options: EntityEvents): Promise<readonly JournalEvent[]>;
  /** The first and the last event that readers can see now; undefined where there are none. */
  ends(): Promise<JournalEnds | undefined>;
  /**
   * Where to read from to get what happened at `time` or later, as an `after` of `read` and `follow`. Behind it are all
   * events of transactions that began to append at `time` or later, so none of them is missed; the first event behind
   * it was recorded then, too, unless there is none yet. Of appends that ran at that very moment, events may lie before
   * it. The clock is the database's, and must not have gone back.
   */
  positionAt(time: Date): Promise<Position>;
  /**
   * Pages as they come, for ever, across restarts of the database; ends when `signal` aborts. Pages are never empty,
   * unless `idleMs` is given.
   */
  follow(options: FollowOptions): AsyncIterable<Page>;
  readonly checkpoints: Checkpoints;
  /** Refuses new appends, commits the pending ones, and ends the background work; the database stays open. */
  close(): Promise<void>;
}

/** How far a reader has come in one range. */
export interface RangeCheckpoint {
  /** 0 to 15. */
  readonly range: number;
  readonly epoch: bigint;
  readonly position: Position;
}

/** How far readers of the journal have come. */
export interface Checkpoints {
  /** Where a reader stands, for who only looks. */
  load(name: string): Promise<Position | undefined>;
  /**
   * Where to go on under a new lease. From now on who holds an older epoch cannot save, and what it had saved is in
   * the answer: so call it first, and read from there. A work that was divided into ranges before goes on at the least
   * of their positions.
   * @throws SAMSPEL_LEASE_LOST when a newer epoch was here.
   */
  claim(claim: { readonly name: string; readonly epoch: bigint }): Promise<Position>;
  /**
   * Moves a checkpoint forward, in the transaction of what was done (T4) or, given the database's `sql`, on its own.
   * @throws SAMSPEL_LEASE_LOST when the epoch is not the one that claimed it last, or the checkpoint would go back.
   */
  save(
    sql: TransactionSql | Database["sql"],
    checkpoint: { readonly name: string; readonly position: Position; readonly epoch: bigint },
  ): Promise<void>;
  /** Where a work stands that is divided into ranges; of some ranges nothing may be known yet. */
  loadRanges(name: string): Promise<ReadonlyMap<number, Position>>;
  /**
   * As `claim`, for ranges of a work. One that has no checkpoint yet begins where the work stood before it was divided,
   * if it was there, else at the beginning.
   * @throws SAMSPEL_LEASE_LOST when a newer epoch was at one of them.
   */
  claimRanges(claim: {
    readonly name: string;
    readonly held: readonly HeldRange[];
  }): Promise<ReadonlyMap<number, Position>>;
  /**
   * As `save`, for ranges of a work: all of them or none.
   * @throws SAMSPEL_LEASE_LOST when one epoch is not the one that claimed last, or one checkpoint would go back.
   */
  saveRanges(
    sql: TransactionSql | Database["sql"],
    checkpoints: { readonly name: string; readonly positions: readonly RangeCheckpoint[] },
  ): Promise<void>;
}
