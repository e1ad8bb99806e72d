// Pulls the messages of a stream in their order, so many at a time as are read: the ordered consumer of nats.js pulls ahead
// of its reader, without a bound.
import { AckPolicy, nanos, type ConsumerConfig, type JsMsg, type NatsConnection } from "nats";

export interface PullOptions {
  readonly connection: NatsConnection;
  readonly stream: string;
  readonly subject: string;
  readonly start: Pick<ConsumerConfig, "deliver_policy"> & Partial<ConsumerConfig>;
  readonly signal: AbortSignal;
}

/** A consumer that goes away with its reader. */
export interface Pull {
  /** How many messages were there when it began. */
  readonly pending: number;
  /**
   * The messages. It ends where reading was interrupted: the stream went away, or a message was lost on the way. Begin
   * anew behind what came.
   */
  messages(): AsyncGenerator<JsMsg, void>;
}

const atOnce = 200;
const expiresMs = 5_000;
const inactiveMs = 60_000;

/** Makes the consumer; nothing that comes from now on is missed. */
export async function openPull({ connection, stream, subject, start, signal }: PullOptions): Promise<Pull> {
  const manager = await connection.jetstreamManager();
  const { name, num_pending: pending } = await manager.consumers.add(stream, {
    ...start,
    filter_subject: subject,
    ack_policy: AckPolicy.None,
    mem_storage: true,
    num_replicas: 1,
    inactive_threshold: nanos(inactiveMs),
  });
  const consumer = await connection.jetstream().consumers.get(stream, name);
  return {
    pending,
    async *messages() {
      let delivered = 0;
      try {
        while (!signal.aborted) {
          const batch = await consumer.fetch({ max_messages: atOnce, expires: expiresMs });
          const end = (): void => void batch.close();
          signal.addEventListener("abort", end, { once: true });
          try {
            for await (const message of batch) {
              if (message.info.deliverySequence !== ++delivered) return;
              yield message;
            }
          } finally {
            signal.removeEventListener("abort", end);
            end();
          }
        }
      } finally {
        // Not waited for: the server forgets it by itself, a minute later.
        void manager.consumers.delete(stream, name).catch(() => {});
      }
    },
  };
}
