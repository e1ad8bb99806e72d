// What a projection is to the rest of the runtime, once defined.
import type { DescMessage } from "@bufbuild/protobuf";
import type { Entity } from "../entity/index.ts";
import type { TransactionSql } from "../postgres/index.ts";
import type { BackoffOptions } from "../resilience/index.ts";
import type { AnyProjectedEvent, AnyScope } from "./context.ts";

/** Makes a projection's tables. */
export type Setup = (sql: TransactionSql) => void | Promise<unknown>;

/** What becomes of an event whose handler keeps failing. */
export type OnFailure =
  /** It is kept with its error, to be tried again or dropped; the others go on. */
  | "park"
  /** It is tried again for ever, and what is behind it waits. */
  | "block"
  /** It is told in the log; the others go on. */
  | "skip";

/** A Postgres schema of the read model's own. */
export interface ReadModelDatabase {
  /** Such as `postgres://user@host:5432/database`. */
  readonly url: string;
  /** Made if it is missing. Not that of a service. */
  readonly schema: string;
}

/** What a projection tells of its changes, and how long that is kept. */
export interface ChangeLog<Change extends DescMessage = DescMessage> {
  readonly message: Change;
  readonly keepForMs: number;
  readonly keepCount: number;
}

/** A read model; give it to `startService`. */
export interface Projection {
  readonly name: string;
  readonly version: number;
  readonly entities: readonly Entity[];
  /** The names of the entities. */
  readonly entityTypes: readonly string[];
  readonly setup: Setup | undefined;
  readonly rebuild: "beside" | "in-place";
  readonly order: "entity" | "journal";
  readonly onFailure: OnFailure;
  readonly database: ReadModelDatabase | undefined;
  readonly changes: ChangeLog | undefined;
  /** Handles events in order, in one transaction. */
  apply(events: readonly AnyProjectedEvent[], scope: AnyScope): Promise<void>;
  readonly maxAttempts: number;
  readonly backoff: BackoffOptions;
}

/** A projection that tells its changes: see `historyThenLive`. */
export interface ChangingProjection<Change extends DescMessage = DescMessage> extends Projection {
  readonly changes: ChangeLog<Change>;
}
