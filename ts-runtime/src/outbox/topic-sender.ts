// Publishing by the service's own code: straight to JetStream, or through the outbox of its own transaction.
//
// Invariants:
//   D1. Without a transaction a message is stored when its promise resolves. One that is not acked is sent again with
//       the same id until `timeoutMs` is over.
//   D2. Messages of one key that this process publishes are stored in the order of the calls.
//   D3. With a transaction the message leaves once it is committed, and never before; in the order of the calls, too.
import type { DescMessage, MessageInitShape } from "@bufbuild/protobuf";
import { encode } from "../codec/index.ts";
import { randomUUID } from "node:crypto";
import {
  keyOf,
  partitionOf,
  sliceOf,
  topicDescriptor,
  type TopicDescriptor,
  type AnyTopicMethod,
} from "../descriptor/index.ts";
import { toMessage } from "../entity/index.ts";
import { invalidConfiguration, SamspelError } from "../errors/index.ts";
import { insertMessages } from "../journal/index.ts";
import type { TransactionSql } from "../postgres/index.ts";
import { activeTrace, createTracing, traceHeadersOf } from "../telemetry/index.ts";
import {
  createPublisher,
  encodeValue,
  ensureStream,
  headerLines,
  partitionSubject,
  streamName,
  type Broker,
  type Publisher,
  type Sending,
} from "../topic/index.ts";

interface PublishOptions {
  /**
   * Stores the message in this transaction: it leaves once that is committed. Default: it goes straight to JetStream,
   * and the promise resolves when it is stored there.
   */
  readonly tx?: TransactionSql;
  /** Of the service's own (T3). */
  readonly headers?: Readonly<Record<string, string>>;
  /** What JetStream and subscribers know the message again by. Default: a random one. */
  readonly id?: string;
  /** How long it waits after the transaction, in milliseconds; only with `tx`. Default 0. */
  readonly delayMs?: number;
  /** How long to try; without `tx`. Default 10,000 ms. */
  readonly timeoutMs?: number;
}

/** Publishes to one topic. */
export interface TopicSender<M extends DescMessage> {
  /**
   * Publishes a message; resolves with its id.
   * @throws SAMSPEL_BROKER_UNREACHABLE where it was not acked in time; it may be stored all the same.
   * @throws SAMSPEL_OVERLOADED when too many wait for their acks; it is not stored.
   * @throws SAMSPEL_EVENT_TOO_LARGE for one that the server does not take; it is not stored.
   * @throws TypeError without a key, and for a delay without a transaction.
   */
  publish(message: MessageInitShape<M>, options?: PublishOptions): Promise<string>;
}

export interface TopicSenders extends Disposable {
  /** @throws SAMSPEL_INVALID_CONFIGURATION for a topic that the service does not have. */
  topic<M extends DescMessage>(method: AnyTopicMethod<M>): TopicSender<M>;
}

export interface TopicSendersOptions {
  /** The topics of the service, by name. */
  readonly topics: ReadonlySet<string>;
  readonly service: string;
  readonly broker: () => Broker;
  /** How many messages may wait for their acks. Default 50,000. */
  readonly maxWaiting?: number;
}

interface Waiting {
  readonly topic: TopicDescriptor;
  readonly id: string;
  readonly deadlineMs: number;
  sending: Sending | undefined;
  readonly resolve: (id: string) => void;
  readonly reject: (error: unknown) => void;
}

const defaultTimeoutMs = 10_000;
const lookEveryMs = 50;
const fenceBytes = 512;

export function createTopicSenders(options: TopicSendersOptions): TopicSenders {
  const { topics, service, maxWaiting = 50_000 } = options;
  const waiting = new Set<Waiting>();
  const tracing = createTracing();
  let publisher: Publisher | undefined;
  let looking: NodeJS.Timeout | undefined;
  let lastTrouble = "no ack";

  const look = (): void => {
    const now = performance.now();
    for (const entry of waiting) {
      if (now < entry.deadlineMs) continue;
      entry.sending?.cancel();
      waiting.delete(entry);
      entry.reject(
        new SamspelError(
          "SAMSPEL_BROKER_UNREACHABLE",
          `Cannot say that message ${entry.id} of topic ${entry.topic.name} is stored: ${lastTrouble}`,
        ),
      );
    }
  };

  const open = (): Publisher => {
    if (publisher !== undefined) return publisher;
    const broker = options.broker();
    looking = setInterval(look, lookEveryMs).unref();
    return (publisher = createPublisher(broker, {
      onTrouble({ reason, failures }) {
        lastTrouble = reason;
        broker.logger.warn({ reason, failures }, "the broker does not take messages now: they wait");
        const missing = new Set([...waiting].map(({ topic }) => topic));
        for (const topic of missing) void ensureStream(broker, topic).catch(() => {});
      },
    }));
  };

  const send = (topic: TopicDescriptor, made: Made, timeoutMs: number): Promise<string> => {
    const to = open();
    if (waiting.size >= maxWaiting) {
      throw new SamspelError(
        "SAMSPEL_OVERLOADED",
        `Cannot publish to topic ${topic.name}: ${maxWaiting} messages wait for the broker`,
      );
    }
    const { id, key, body, headers } = made;
    const broker = options.broker();
    const most = broker.connection.info?.max_payload ?? Infinity;
    if (body.length + headers.length + fenceBytes > most)
      throw tooLarge(topic, body.length + headers.length, most);
    return new Promise((resolve, reject) => {
      const entry: Waiting = {
        topic,
        id,
        deadlineMs: performance.now() + timeoutMs,
        sending: undefined,
        resolve,
        reject,
      };
      waiting.add(entry);
      const subject = partitionSubject(broker.prefix, topic, partitionOf(key, topic.partitions));
      entry.sending = to.send(
        { subject, body, headers, key: `${topic.name}/${key}` },
        undefined,
        (outcome) => {
          waiting.delete(entry);
          if (outcome.type === "stored") entry.resolve(id);
          else entry.reject(tooLarge(topic, body.length, most, outcome.reason));
        },
      );
    });
  };

  return {
    topic<M extends DescMessage>(method: AnyTopicMethod<M>): TopicSender<M> {
      const topic = topicDescriptor(method);
      if (!topics.has(topic.name)) {
        throw invalidConfiguration(
          `Service ${service} does not have the topic ${topic.name}: give \`topic(…)\` of its method to startService as one of its topics`,
        );
      }
      const publish: TopicSender<M>["publish"] = (init, options = {}) => {
        const { tx, headers, id, delayMs = 0, timeoutMs = defaultTimeoutMs } = options;
        try {
          const made = make(topic, init, { service, id: id ?? randomUUID(), headers });
          if (tx !== undefined)
            return insertMessages(tx, [outboxMessage(topic, made, delayMs)]).then(() => made.id);
          if (delayMs === 0) return send(topic, made, timeoutMs);
          throw new TypeError(`delayMs needs tx: only the outbox can keep a message of topic ${topic.name}`);
        } catch (error) {
          return Promise.reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      if (tracing === undefined) return { publish };
      return {
        publish(init, options = {}) {
          if (options.tx !== undefined) {
            // The relay continues it.
            const active = activeTrace();
            const trace = active === undefined ? {} : traceHeadersOf(active);
            return publish(init, { ...options, headers: { ...trace, ...options.headers } });
          }
          const attributes = {
            "messaging.system": "nats",
            "messaging.operation.type": "send",
            "messaging.destination.name": topic.name,
          };
          const start = { type: "publish", name: `publish ${topic.name}`, attributes } as const;
          return tracing.run(start, async (span) => {
            const trace = traceHeadersOf(span.context);
            const id = await publish(init, { ...options, headers: { ...trace, ...options.headers } });
            span.set({ "messaging.message.id": id });
            return id;
          });
        },
      };
    },
    [Symbol.dispose]() {
      clearInterval(looking);
      publisher?.[Symbol.dispose]();
      for (const entry of waiting)
        entry.reject(new SamspelError("SAMSPEL_DRAINING", "The service is stopping"));
      waiting.clear();
    },
  };
}

interface Made {
  readonly id: string;
  readonly key: string;
  readonly body: Uint8Array;
  /** As lines. */
  readonly headers: string;
}

function make(
  topic: TopicDescriptor,
  init: object,
  {
    service,
    id,
    headers,
  }: { readonly service: string; readonly id: string; readonly headers: PublishOptions["headers"] },
): Made {
  const message = toMessage(topic.message, init);
  const key = keyOf(topic.keyField, message);
  if (key === "")
    throw new TypeError(`${topic.message.typeName} needs its key: ${topic.keyField.localName} is empty`);
  return {
    id,
    key,
    body: encode(topic.message, message),
    headers: headerLines({ id, service, type: topic.message.typeName, time: new Date(), key }, headers),
  };
}

/** As rows of the outbox have it: headers by name, and the id beside them. */
function outboxMessage(
  topic: TopicDescriptor,
  { id, key, body, headers }: Made,
  delayMs: number,
): Parameters<typeof insertMessages>[1][number] {
  const byName: Record<string, string> = {};
  for (const line of headers.split("\r\n")) {
    const colon = line.indexOf(": ");
    if (colon > 0) byName[line.slice(0, colon)] = line.slice(colon + 2);
  }
  return {
    slice: sliceOf(key),
    stream: streamName("", topic),
    subject: partitionSubject("", topic, partitionOf(key, topic.partitions)),
    messageId: encodeValue(id),
    key,
    headers: JSON.stringify(byName),
    body,
    ...(delayMs > 0 ? { delayMs } : {}),
  };
}

function tooLarge(topic: TopicDescriptor, bytes: number, most: number, reason?: string): SamspelError {
  return new SamspelError(
    "SAMSPEL_EVENT_TOO_LARGE",
    `Cannot publish a message of ${bytes} bytes to topic ${topic.name}: ${reason ?? `the server takes ${most}`}`,
  );
}
