// Between a consumer and the handlers that people write: the context, and the inbox around them.
import type { Message } from "@bufbuild/protobuf";
import type { TransactionSql } from "../postgres/index.ts";
import type { Delivery, Work } from "./consume/index.ts";
import type { TopicHeaders } from "./headers.ts";
import type { Inbox } from "./inbox.ts";
import type { AnyContext, Subscription, SubscriptionWork } from "./subscribe.ts";
import type { BatchedMessage } from "./subscription-types.ts";

/** The work of a subscription's consumer, through an inbox where there is one. */
export function workThrough({ work }: Subscription, inbox: Inbox | undefined): Work<Message> {
  if (work.type === "batch") return batchWork(work, inbox);
  const { handle } = work;
  if (inbox === undefined) {
    return { type: "single", handle: (message, delivery) => handle(message, new Context(message, delivery)) };
  }
  return {
    type: "single",
    handle: (message, delivery) =>
      inbox.handle(delivery.partition, [idOf(delivery)], (sql) =>
        handle(message, new Context(message, delivery, sql)),
      ),
  };
}

function batchWork(
  { handle, maxBatch }: Extract<SubscriptionWork, { type: "batch" }>,
  inbox: Inbox | undefined,
): Work<Message> {
  return {
    type: "batch",
    maxBatch,
    handle(messages, deliveries) {
      const [first] = deliveries;
      if (first === undefined) return undefined;
      const batch = messages.flatMap((message, index) => {
        const delivery = deliveries[index];
        return delivery === undefined ? [] : new Context(message, delivery);
      });
      if (inbox === undefined) return handle(batch, { signal: first.signal });
      return inbox.handle(
        first.partition,
        batch.map(({ id }) => id),
        (sql, fresh) => handle(batch.filter(firstsOf(fresh)), { signal: first.signal, sql }),
      );
    },
  };
}

/** Takes the first message of each id: a publisher may have doubled one within the batch. */
function firstsOf(fresh: ReadonlySet<string>): (message: { readonly id: string }) => boolean {
  const left = new Set(fresh);
  return ({ id }) => left.delete(id);
}

function idOf({ message: { headers, stream, sequence } }: Delivery): string {
  return headers.get("ce-id") ?? headers.get("nats-msg-id") ?? `${stream}/${sequence}`;
}

/** What is asked for is read; the rest costs nothing. */
class Context implements AnyContext, BatchedMessage<Message> {
  readonly message: Message;
  declare readonly sql?: TransactionSql;
  readonly #delivery: Delivery;

  constructor(message: Message, delivery: Delivery, sql?: TransactionSql) {
    this.message = message;
    this.#delivery = delivery;
    if (sql !== undefined) this.sql = sql;
  }

  get key(): string {
    return this.#delivery.key;
  }

  get id(): string {
    return idOf(this.#delivery);
  }

  get headers(): TopicHeaders {
    return this.#delivery.message.headers;
  }

  get time(): Date {
    const time = new Date(this.headers.get("ce-time") ?? Number.NaN);
    return Number.isNaN(time.getTime()) ? this.#delivery.message.storedAt : time;
  }

  get attempt(): number {
    return this.#delivery.attempt;
  }

  get signal(): AbortSignal {
    return this.#delivery.signal;
  }
}
