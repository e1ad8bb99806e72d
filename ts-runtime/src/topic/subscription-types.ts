// The types behind subscribe: what does not fit together does not compile.
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { TransactionSql } from "../postgres/index.ts";
import type { RetryOptions, Start } from "./consume/index.ts";
import type { TopicHeaders } from "./headers.ts";

/** What a handler knows beside the message. */
export interface MessageContext {
  /** The key: messages of one key come in order, one at a time. */
  readonly key: string;
  /** The message's id; the same when it is delivered again. */
  readonly id: string;
  /** By name in lower case: CloudEvents attributes, `traceparent`, and the publisher's own. */
  readonly headers: TopicHeaders;
  /** When the event happened. */
  readonly time: Date;
  /** 1 at first, and one more at each attempt. */
  readonly attempt: number;
  /** Aborts when nobody waits for the handler any longer: the service stops, or the handler takes too long. */
  readonly signal: AbortSignal;
}

/** With an inbox, handlers get the transaction in which the message counts as handled. */
interface InboxSql {
  /** What is written with it is committed together with the note that the message was handled, or not at all. */
  readonly sql: TransactionSql;
}

type ContextOf<Inbox extends boolean> = MessageContext & (Inbox extends true ? InboxSql : unknown);

/** Handles a message; it is done when this returns, and tried again when it throws. */
type MessageHandler<M, Inbox extends boolean> = (message: M, context: ContextOf<Inbox>) => unknown;

type OneofKey<M> = {
  [K in keyof M]-?: NonNullable<M[K]> extends { case: string | undefined; value?: unknown } ? K : never;
}[keyof M];

/** One case of the message's oneof. */
type CaseOf<M> = Extract<M[OneofKey<M>], { case: string; value: unknown }>;

/** Handlers for some cases of a message's oneof, if it has one; messages of the others are done as they come. */
type CaseHandlers<M, Inbox extends boolean> = [CaseOf<M>] extends [never]
  ? never
  : {
      readonly [C in CaseOf<M>["case"]]?: (
        value: Extract<CaseOf<M>, { case: C }>["value"],
        context: ContextOf<Inbox> & { readonly message: M },
      ) => unknown;
    };

/** A message of a batch. */
export interface BatchedMessage<M> extends Omit<MessageContext, "signal"> {
  readonly message: M;
}

/** Handles messages of one partition together, in order: all of them are done when it returns. */
type BatchHandler<M, Inbox extends boolean> = (
  messages: readonly BatchedMessage<M>[],
  context: Pick<MessageContext, "signal"> & (Inbox extends true ? InboxSql : unknown),
) => unknown;

/** One of the three. */
type Handlers<M, Inbox extends boolean> =
  | {
      readonly handler: MessageHandler<M, Inbox>;
      readonly on?: never;
      readonly batch?: never;
      readonly maxBatch?: never;
    }
  | {
      readonly on: CaseHandlers<M, Inbox>;
      readonly handler?: never;
      readonly batch?: never;
      readonly maxBatch?: never;
    }
  | {
      readonly batch: BatchHandler<M, Inbox>;
      /** Default 100. */
      readonly maxBatch?: number;
      readonly handler?: never;
      readonly on?: never;
    };

interface Basis {
  /** Who handles: each group gets every message, on one of its instances. Letters, digits, `_` and `-`; at most 64. */
  readonly group: string;
  /** How many handlers run at once in one process. Default 16. */
  readonly concurrency?: number;
  /**
   * Where the group begins, if it is new: with the first message that the topic holds, with the next one, with a time,
   * or with a number in the stream. Default `beginning`.
   */
  readonly from?: Start;
  /**
   * A handler that takes longer has failed: its signal aborts, and the message is tried again, while the handler may
   * still run. Default 60,000 ms.
   */
  readonly handlerTimeoutMs?: number;
}

/** Nothing is missed; a message may come twice, but for an inbox. */
interface AtLeastOnce<Inbox extends boolean> {
  readonly mode?: "at-least-once";
  readonly retry?: RetryOptions;
  /**
   * What becomes of an exhausted message: it is parked as a dead letter, it is tried for ever while its key waits, or
   * it is dropped. Default `dead-letter`.
   */
  readonly onExhausted?: "dead-letter" | "block" | "skip";
  /**
   * Each message once in effect: the handler gets `sql`, a transaction that notes the message's id as well, and a
   * message whose id is noted is done. Needs Postgres. Default false.
   */
  readonly inbox?: Inbox;
  /** How long the inbox keeps its notes. Default 7 days, in milliseconds. */
  readonly inboxRetentionMs?: number;
}

/** Nothing comes twice; a message is missed where its handler fails or its process dies. */
interface AtMostOnce {
  readonly mode: "at-most-once";
  readonly retry?: never;
  /** What becomes of a message whose handler failed. Default `dead-letter`. */
  readonly onExhausted?: "dead-letter" | "skip";
  readonly inbox?: never;
  readonly inboxRetentionMs?: never;
}

/** See `subscribe`. */
export type SubscribeOptions<M extends DescMessage, Inbox extends boolean = false> = Basis &
  Handlers<MessageShape<M>, Inbox> &
  (AtLeastOnce<Inbox> | AtMostOnce);
