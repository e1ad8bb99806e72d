// Pulling one message at a time from a durable consumer.
//
// It is our own loop, for three reasons: a restart of NATS is noticed at the reconnection and not by missed
// heartbeats, a deleted consumer is an answer and not a retry for ever, and what arrives while we stop goes back at
// once instead of blocking its partition until the ack deadline.
import { setTimeout as sleep } from "node:timers/promises";
import { createInbox, nanos, type Msg } from "nats";
import type { Broker } from "./broker.ts";
import { readDelivery, type Delivery } from "./delivery.ts";

/** What a pull brings: a message, or the news that the consumer has to be looked after. */
type Pulled =
  | { readonly type: "message"; readonly delivery: Delivery }
  | { readonly type: "interrupted"; readonly reason: string }
  | { readonly type: "stopped" };

/** A source of messages; one `next` at a time. */
export interface MessagePull {
  /** Waits for a message, for an interruption, or for the stop. */
  next(): Promise<Pulled>;
  /** Gives back what arrived meanwhile. */
  close(): Promise<void>;
}

const expiresMs = 30_000;
const heartbeatMs = 5_000;
const patienceMs = 2 * heartbeatMs + 1_000;
const drainTimeoutMs = 1_000;
const pullRequest = JSON.stringify({
  batch: 1,
  expires: nanos(expiresMs),
  idle_heartbeat: nanos(heartbeatMs),
});

export interface MessagePullOptions {
  readonly consumer: { readonly stream: string; readonly name: string };
  /** The stop. */
  readonly signal: AbortSignal;
}

/** Opens a source on a consumer, until `signal` aborts. */
export function pullMessages(broker: Broker, { consumer, signal }: MessagePullOptions): MessagePull {
  const { connection } = broker;
  const inbox = createInbox();
  const subject = `$JS.API.CONSUMER.MSG.NEXT.${consumer.stream}.${consumer.name}`;
  const arrived: Delivery[] = [];
  const closed = new AbortController();
  let settle: ((pulled: Pulled) => void) | undefined;
  let silence: NodeJS.Timeout | undefined;

  const finish = (pulled: Pulled): void => {
    clearTimeout(silence);
    settle?.(pulled);
    settle = undefined;
  };
  const request = (): void => {
    connection.publish(subject, pullRequest, { reply: inbox });
    silence?.refresh();
  };
  const onMessage = (message: Msg): void => {
    silence?.refresh();
    const code = message.headers?.code ?? 0;
    if (code === 0) {
      const delivery = readDelivery(message);
      if (closed.signal.aborted) delivery.retryAfter(0);
      else if (settle === undefined) arrived.push(delivery);
      else finish({ type: "message", delivery });
    } else if (code === 408) {
      if (settle !== undefined) request(); // nothing came until the pull expired
    } else if (code !== 100) {
      finish({ type: "interrupted", reason: `${code} ${message.headers?.description ?? ""}`.trim() });
    }
  };
  const subscription = connection.subscribe(inbox, {
    callback: (error, message) => {
      if (error === null) onMessage(message);
      else finish({ type: "interrupted", reason: error.message });
    },
  });
  broker.onReconnect(() => finish({ type: "interrupted", reason: "reconnected" }), closed.signal);
  const onStop = (): void => finish({ type: "stopped" });
  signal.addEventListener("abort", onStop, { once: true });

  return {
    next() {
      if (signal.aborted) return Promise.resolve({ type: "stopped" });
      const delivery = arrived.shift();
      if (delivery !== undefined) return Promise.resolve({ type: "message", delivery });
      return new Promise((resolve, reject) => {
        settle = resolve;
        silence = setTimeout(() => finish({ type: "interrupted", reason: "no heartbeat" }), patienceMs);
        try {
          request();
        } catch (error) {
          clearTimeout(silence);
          settle = undefined;
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    },
    async close() {
      signal.removeEventListener("abort", onStop);
      closed.abort();
      for (const delivery of arrived.splice(0)) delivery.retryAfter(0);
      if (connection.isClosed() || connection.isDraining()) return;
      const drained = subscription.drain().catch(() => {}); // with a server that is frozen, never
      await Promise.race([drained, sleep(drainTimeoutMs, undefined, { ref: false })]);
    },
  };
}
