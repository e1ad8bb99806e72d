// Publishing to one stream: many messages in flight, and yet stored in order (T1).
//
// P1. Every message has an id that JetStream de-duplicates on, so publishing one again is harmless in its window.
// P2. Every message but the first says which must be the stream's last one before it. So when one is lost on the way,
//     those behind it are refused, and nothing overtakes.
// P3. Where somebody else publishes to the stream, that chain breaks; the rest of the messages then go one by one.
//
// One reply inbox serves all acks: the request machinery of nats.js allows 49,000 messages/s at 256 in flight, this
// 219,000/s with message ids (2 cores, file storage).
import { createInbox, type Msg, type MsgHdrs } from "nats";
import { SamspelError } from "../errors/index.ts";
import type { Broker } from "./broker.ts";
import { messageIdHeader } from "./headers.ts";

/** A message on its way to a stream. */
export interface OutgoingMessage {
  readonly subject: string;
  readonly body: Uint8Array;
  /** They hold the message's id. */
  readonly headers: MsgHdrs;
}

/** How far publishing came. */
interface PublishResult {
  /** So many, from the first, are stored. */
  readonly published: number;
  /** Why the rest is not; undefined where all are. */
  readonly error: SamspelError | undefined;
}

/** Publishes to streams; one `publish` at a time. */
export interface Publisher extends Disposable {
  publish(messages: readonly OutgoingMessage[]): Promise<PublishResult>;
}

export interface PublisherOptions {
  /** How many messages may wait for their acks. Default 1,024. */
  readonly maxInFlight?: number;
  /** How long to wait without any ack. Default 5,000 ms. */
  readonly ackTimeoutMs?: number;
}

interface Ack {
  readonly error?: { readonly code?: number; readonly err_code?: number; readonly description?: string };
}

const expectedLastMessageId = "Nats-Expected-Last-Msg-Id";
const wrongLastMessageId = 10_070;

/** Creates a publisher. */
export function createPublisher(broker: Broker, options: PublisherOptions = {}): Publisher {
  const { maxInFlight = 1_024, ackTimeoutMs = 5_000 } = options;
  const { connection } = broker;
  const inbox = createInbox();
  let sent = 0;
  let onAck: ((reply: number, message: Msg) => void) | undefined;
  let onReconnect: (() => void) | undefined;
  const disposed = new AbortController();
  broker.onReconnect(() => onReconnect?.(), disposed.signal);
  const subscription = connection.subscribe(`${inbox}.*`, {
    callback: (error, message) => {
      if (error === null) onAck?.(Number(message.subject.slice(inbox.length + 1)), message);
    },
  });

  /** Sends messages with at most `window` in flight; resolves when all are acked or one is not. */
  const send = async (
    messages: readonly OutgoingMessage[],
    window: number,
  ): Promise<{ published: number; error?: SamspelError; chainBroken?: boolean }> => {
    const first = sent;
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const acked = new Set<number>();
    let next = 0;
    let published = 0;
    let chainBroken = false;
    const timer = setTimeout(() => resolve(`no ack within ${ackTimeoutMs} ms`), ackTimeoutMs);
    const fill = (): void => {
      for (; next < messages.length && next - published < window; next++) {
        const message = messages[next];
        if (message === undefined) break;
        const previous = window > 1 && next > published ? messages[next - 1] : undefined;
        if (previous === undefined) message.headers.delete(expectedLastMessageId);
        else message.headers.set(expectedLastMessageId, previous.headers.get(messageIdHeader));
        connection.publish(message.subject, message.body, {
          headers: message.headers,
          reply: `${inbox}.${sent++}`,
        });
      }
    };
    const pump = (): void => {
      try {
        fill();
      } catch (error) {
        resolve(error instanceof Error ? error.message : String(error)); // the connection is closed for good
      }
    };
    onReconnect = () => resolve("the connection was lost; what was in flight may be, too");
    onAck = (reply, message) => {
      if (reply < first) return; // of an earlier call
      const refusal = refusalOf(message);
      if (refusal !== undefined) {
        chainBroken = refusal.number === wrongLastMessageId;
        resolve(refusal.reason);
        return;
      }
      timer.refresh();
      acked.add(reply - first); // a cluster may ack duplicates before what stands in front of them
      while (acked.delete(published)) published += 1;
      if (published === messages.length) resolve(undefined);
      else pump();
    };
    pump();
    const reason = await promise;
    clearTimeout(timer);
    onAck = undefined;
    onReconnect = undefined;
    return reason === undefined ? { published } : { published, error: unpublished(reason), chainBroken };
  };

  return {
    async publish(messages) {
      if (messages.length === 0) return { published: 0, error: undefined };
      const { published, error, chainBroken } = await send(messages, maxInFlight);
      if (chainBroken !== true) return { published, error };
      const rest = await send(messages.slice(published), 1);
      return { published: published + rest.published, error: rest.error };
    },
    [Symbol.dispose]() {
      disposed.abort();
      subscription.unsubscribe();
    },
  };
}

function refusalOf(message: Msg): { readonly number: number; readonly reason: string } | undefined {
  if (message.headers?.code === 503) return { number: 503, reason: "the stream does not exist" };
  const { error } = message.json<Ack>();
  if (error === undefined) return undefined;
  return { number: error.err_code ?? 0, reason: error.description ?? `error ${error.code ?? "unknown"}` };
}

function unpublished(reason: string): SamspelError {
  return new SamspelError("SAMSPEL_BROKER_UNREACHABLE", `Cannot publish to JetStream: ${reason}`);
}
