// What the handlers of a projection know beside the event, and what they may do.
import type { DescMessage, Message, MessageInitShape } from "@bufbuild/protobuf";
import type { TransactionSql } from "../postgres/index.ts";

/** Where an event comes from. */
export interface EventOrigin {
  /** The entity's name, such as `cart`. */
  readonly entityType: string;
  readonly entityId: string;
  /** The event's. */
  readonly revision: bigint;
  /** When the event was persisted. */
  readonly time: Date;
}

/** What a handler has of the transaction that it works in. */
export interface ProjectionScope<Change extends DescMessage = never> {
  /** The transaction: what is written with it is committed together with the checkpoint (T4). */
  readonly sql: TransactionSql;
  /**
   * Whether the event is history: the projection is built again, and what was there before has seen the event already,
   * or it was there before the projection was.
   */
  readonly rebuilding: boolean;
  /**
   * Runs an effect after the commit, one after the other; not while `rebuilding`. At most once: a process that dies
   * right after the commit does not do it, and one that fails is told in the log and not tried again.
   */
  afterCommit(this: void, effect: () => unknown): void;
  /**
   * Tells a change of a row to those who watch, in the same transaction; see `changes` of the definition. Tell it behind
   * the statement that writes the row. Nothing is told while the tables are built beside those that serve.
   */
  change(this: void, message: MessageInitShape<Change>): void;
}

/** What a handler of one event knows. */
export interface ProjectionContext<Change extends DescMessage = never>
  extends EventOrigin, ProjectionScope<Change> {}

/** An event of any entity, on its way to the handlers. */
export interface AnyProjectedEvent extends EventOrigin {
  readonly case: string;
  readonly value: Message;
}

/** The scope as the runner makes it: of any change. */
export interface AnyScope extends Omit<ProjectionScope, "change"> {
  change(this: void, message: object): void;
}
