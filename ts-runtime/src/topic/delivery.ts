// A message as JetStream delivers it to a pull consumer, and the answers to it.
import { nanos, NatsError, type Msg } from "nats";

/** A delivered message that waits for its answer. */
export interface Delivery {
  readonly message: Msg;
  readonly stream: string;
  /** Its number in the stream. */
  readonly sequence: number;
  /** How often it was delivered, this time included. */
  readonly attempt: number;
  /** When it was stored. */
  readonly storedAt: Date;
  /** It is handled. */
  ack(): void;
  /** It is to come again after so long. */
  retryAfter(delayMs: number): void;
  /** It is being handled: the deadline begins anew. */
  working(): void;
  /** It is never to come again. */
  terminate(): void;
}

/** Reads the delivery out of the reply subject: `$JS.ACK[.<domain>.<account>].<stream>.<consumer>.<attempt>.…`. */
export function readDelivery(message: Msg): Delivery {
  const tokens = (message.reply ?? "").split(".");
  const from = tokens.length === 9 ? 2 : 4;
  const [stream = "", , attempt, sequence, , storedAtNs = "0"] = tokens.slice(from);
  return {
    message,
    stream,
    sequence: Number(sequence),
    attempt: Number(attempt),
    storedAt: new Date(Number(BigInt(storedAtNs) / 1_000_000n)),
    ack: () => answer(message, "+ACK"),
    retryAfter: (delayMs) => answer(message, `-NAK ${JSON.stringify({ delay: nanos(Math.ceil(delayMs)) })}`),
    working: () => answer(message, "+WPI"),
    terminate: () => answer(message, "+TERM"),
  };
}

/** A connection that was closed takes no answers; the message comes again. */
function answer(message: Msg, text: string): void {
  try {
    message.respond(text);
  } catch (error) {
    if (!(error instanceof NatsError)) throw error;
  }
}
