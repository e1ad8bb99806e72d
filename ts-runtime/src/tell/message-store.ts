// Storing messages in JetStream, many at once, each with a promise of its own.
//
// Invariants:
//   P1. A message is stored when its promise resolves, and only then. One whose ack does not come is sent again until its
//       deadline; it carries an id that JetStream and its handler know it by, so twice is once.
//   P2. Messages of one key are stored in the order of the calls.
//   P3. A stream that is missing is made; a broker that is away or full is waited for. Each stream has a publisher of its
//       own, so that one in trouble does not hold up the others.
//   P4. What waits is bounded in number; one more is refused.
import { SamspelError } from "../errors/index.ts";
import { createPublisher, type Broker, type Publisher, type Sending } from "../topic/index.ts";

/** A message on its way. */
interface Publishing {
  /** Without the topic prefix. */
  readonly stream: string;
  /** With it. */
  readonly subject: string;
  readonly body: Uint8Array;
  /** As lines. */
  readonly headers: string;
  readonly key: string;
  /** Makes the stream; called where nobody seems to store the subject. */
  readonly makeStream: () => Promise<unknown>;
  /** How long to try. */
  readonly timeoutMs: number;
  /** What it is, for the error: "tell cart.v1.CartService.Checkout". */
  readonly what: string;
}

interface MessageStoreOptions {
  readonly broker: Broker;
  /** Default 100,000. */
  readonly maxWaiting?: number;
}

/** Stores messages. */
export interface MessageStore extends Disposable {
  /**
   * Resolves when the message is stored.
   * @throws SAMSPEL_BROKER_UNREACHABLE where that is not known within `timeoutMs`; it may be stored all the same.
   * @throws SAMSPEL_OVERLOADED when too many wait; it is not stored.
   * @throws SAMSPEL_TELL_TOO_LARGE where the server does not take it; it is not stored.
   */
  store(message: Publishing): Promise<void>;
}

interface Waiting {
  readonly message: Publishing;
  readonly lane: StreamLane;
  readonly deadlineMs: number;
  sending: Sending | undefined;
  readonly reject: (error: unknown) => void;
}

/** What one stream is stored with. */
interface StreamLane {
  readonly publisher: Publisher;
  /** Why it takes nothing now, or took nothing the last time. */
  trouble: string;
}

const lookEveryMs = 50;

export function createMessageStore({ broker, maxWaiting = 100_000 }: MessageStoreOptions): MessageStore {
  const lanes = new Map<string, StreamLane>();
  const waiting = new Set<Waiting>();
  let looking: NodeJS.Timeout | undefined;
  let isOpen = true;

  const laneOf = ({ stream, makeStream }: Publishing): StreamLane => {
    const known = lanes.get(stream);
    if (known !== undefined) return known;
    let making: Promise<unknown> | undefined;
    const publisher = createPublisher(broker, {
      onTrouble({ reason }) {
        lane.trouble = reason;
        making ??= makeStream()
          .catch((error: unknown) => (lane.trouble = String(error)))
          .finally(() => (making = undefined));
      },
    });
    const lane: StreamLane = { publisher, trouble: "no ack came" };
    lanes.set(stream, lane);
    return lane;
  };

  const look = (): void => {
    const nowMs = performance.now();
    for (const entry of waiting) {
      if (nowMs < entry.deadlineMs) continue;
      entry.sending?.cancel();
      waiting.delete(entry);
      entry.reject(unstored(entry.message, entry.lane.trouble));
    }
    if (waiting.size > 0) return;
    clearInterval(looking);
    looking = undefined;
  };

  return {
    store: (message) =>
      new Promise<void>((resolve, reject) => {
        if (!isOpen || broker.connection.isClosed()) throw unstored(message, "the connection is closed");
        if (waiting.size >= maxWaiting) throw overloaded(message, maxWaiting);
        const lane = laneOf(message);
        const deadlineMs = performance.now() + message.timeoutMs;
        const entry: Waiting = { message, lane, deadlineMs, sending: undefined, reject };
        waiting.add(entry);
        looking ??= setInterval(look, lookEveryMs);
        const { subject, body, headers, key } = message;
        entry.sending = lane.publisher.send({ subject, body, headers, key }, undefined, (outcome) => {
          waiting.delete(entry);
          if (outcome.type === "stored") resolve();
          else reject(refused(message, outcome.reason));
        });
      }),
    [Symbol.dispose]() {
      isOpen = false;
      clearInterval(looking);
      for (const { publisher } of lanes.values()) publisher[Symbol.dispose]();
      for (const { message, reject } of waiting) reject(unstored(message, "the connection is closed"));
      waiting.clear();
    },
  };
}

function unstored({ what, timeoutMs }: Publishing, reason: string): SamspelError {
  return new SamspelError(
    "SAMSPEL_BROKER_UNREACHABLE",
    `Cannot ${what}: JetStream did not store it within ${timeoutMs} ms (${reason}); it may be there all the same, so try again with the same id`,
  );
}

function refused({ what, body }: Publishing, reason: string): SamspelError {
  return new SamspelError(
    "SAMSPEL_TELL_TOO_LARGE",
    `Cannot ${what}: the server does not take a message of ${body.length} bytes and its headers (${reason})`,
    { metadata: { bytes: String(body.length) } },
  );
}

function overloaded({ what }: Publishing, limit: number): SamspelError {
  return new SamspelError(
    "SAMSPEL_OVERLOADED",
    `Cannot ${what} as too many messages wait for JetStream: the limit is ${limit}`,
    { metadata: { limit: String(limit) } },
  );
}
