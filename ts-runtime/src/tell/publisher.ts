// Publishing to JetStream, many messages at once, each for itself: its promise resolves with its own ack.
//
// Invariants:
//   P1. A message is stored when its promise resolves, and only then. One whose ack does not come is sent again until its
//       deadline; it carries an id that JetStream and its handler know it by, so twice is once.
//   P2. A stream that is missing is made; a broker that is away or full is waited for.
//   P3. At most `maxInFlight` messages wait for their acks, as JetStream refuses what it cannot keep up with; so many more
//       wait for their turn as `maxWaiting` says, and one more is refused.
//
// One reply inbox serves all acks, as each request of the library costs more than all the rest.
import { createInbox, type Msg, type MsgHdrs } from "nats";
import { SamspelError } from "../errors/index.ts";
import type { Broker } from "../topic/index.ts";

/** A message on its way. */
interface Publishing {
  readonly subject: string;
  readonly body: Uint8Array;
  readonly headers?: MsgHdrs;
  /** Makes the stream; called where nobody stores the subject. */
  readonly makeStream: () => Promise<unknown>;
  /** How long to try. */
  readonly timeoutMs: number;
  /** What it is, for the error: "tell cart.v1.CartService.Checkout". */
  readonly what: string;
}

export interface PublisherOptions {
  readonly broker: Broker;
  /** Default 4,096. */
  readonly maxInFlight?: number;
  /** Default 100,000. */
  readonly maxWaiting?: number;
  /** After so long without an ack a message is sent again. Default 2,000 ms. */
  readonly resendMs?: number;
}

export interface Publisher extends Disposable {
  /**
   * Resolves when the message is stored.
   * @throws SAMSPEL_BROKER_UNREACHABLE where that is not known within `timeoutMs`; it may be stored all the same.
   * @throws SAMSPEL_OVERLOADED when too many wait; it is not stored.
   */
  publish(message: Publishing): Promise<void>;
}

interface Entry extends Publishing {
  readonly deadlineMs: number;
  sentAtMs: number;
  /** Why it is not stored yet. */
  trouble: string | undefined;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Ack {
  readonly error?: { readonly code?: number; readonly description?: string };
}

const lookEveryMs = 100;
const noResponders = 503;

export function createPublisher(options: PublisherOptions): Publisher {
  const { broker, maxInFlight = 4_096, maxWaiting = 100_000, resendMs = 2_000 } = options;
  const { connection } = broker;
  const inbox = createInbox();
  const inFlight = new Map<number, Entry>();
  /** Those that wait for room, and those that wait to be sent again. */
  let waiting: Entry[] = [];
  let later: Entry[] = [];
  /** How many have their stream made. */
  let making = 0;
  let sent = 0;
  let timer: NodeJS.Timeout | undefined;
  const disposed = new AbortController();

  const send = (entry: Entry): void => {
    const number = sent++;
    entry.sentAtMs = performance.now();
    inFlight.set(number, entry);
    try {
      const { headers } = entry;
      const reply = `${inbox}.${number}`;
      connection.publish(entry.subject, entry.body, headers === undefined ? { reply } : { headers, reply });
    } catch (error) {
      inFlight.delete(number);
      entry.reject(unstored(entry, error instanceof Error ? error.message : String(error)));
    }
  };

  const fill = (): void => {
    if (waiting.length === 0) return;
    const room = maxInFlight - inFlight.size;
    if (room <= 0) return;
    for (const entry of waiting.splice(0, room)) send(entry);
  };

  const again = (entry: Entry, trouble: string): void => {
    entry.trouble = trouble;
    later.push(entry);
  };

  const onAck = (message: Msg): void => {
    const number = Number(message.subject.slice(inbox.length + 1));
    const entry = inFlight.get(number);
    if (entry === undefined) return; // sent again meanwhile
    inFlight.delete(number);
    const refusal = refusalOf(message);
    if (refusal === undefined) entry.resolve();
    else if (refusal.code === noResponders) void make(entry);
    else again(entry, refusal.reason);
    fill();
  };

  const make = async (entry: Entry): Promise<void> => {
    making++;
    try {
      await entry.makeStream();
      again(entry, "no ack came");
      resendLater();
    } catch (error) {
      again(entry, error instanceof Error ? error.message : String(error));
    } finally {
      making--;
    }
  };

  const resendLater = (): void => {
    const entries = later;
    later = [];
    for (const entry of entries) send(entry);
  };

  /** Looks after what has waited for too long. */
  const look = (): void => {
    const nowMs = performance.now();
    waiting = keepInTime(waiting, nowMs);
    later = keepInTime(later, nowMs);
    for (const [number, entry] of inFlight) {
      if (nowMs >= entry.deadlineMs) {
        inFlight.delete(number);
        entry.reject(unstored(entry, entry.trouble ?? "no ack came"));
      } else if (nowMs - entry.sentAtMs >= resendMs) {
        // Perhaps there is no stream, and who listens to the subject keeps the server from saying so.
        inFlight.delete(number);
        void make(entry);
      }
    }
    resendLater();
    fill();
    if (inFlight.size + waiting.length + later.length + making > 0) return;
    clearInterval(timer);
    timer = undefined;
  };

  const subscription = connection.subscribe(`${inbox}.*`, {
    callback: (error, message) => {
      if (error === null) onAck(message);
    },
  });
  broker.onReconnect(() => {
    const lost = [...inFlight.values()];
    inFlight.clear();
    for (const entry of lost) send(entry);
  }, disposed.signal);

  return {
    publish: (message) =>
      new Promise<void>((resolve, reject) => {
        if (disposed.signal.aborted || connection.isClosed()) {
          reject(unstored(message, "the connection is closed"));
          return;
        }
        if (waiting.length >= maxWaiting) {
          reject(overloaded(message, maxWaiting));
          return;
        }
        const nowMs = performance.now();
        const { timeoutMs } = message;
        const entry = {
          ...message,
          deadlineMs: nowMs + timeoutMs,
          sentAtMs: nowMs,
          trouble: undefined,
          resolve,
          reject,
        };
        timer ??= setInterval(look, lookEveryMs);
        if (waiting.length === 0 && inFlight.size < maxInFlight) send(entry);
        else waiting.push(entry);
      }),
    [Symbol.dispose]() {
      disposed.abort();
      clearInterval(timer);
      subscription.unsubscribe();
      for (const entry of [...inFlight.values(), ...waiting, ...later])
        entry.reject(unstored(entry, "the connection is closed"));
      inFlight.clear();
      waiting = [];
      later = [];
    },
  };
}

function keepInTime(entries: Entry[], nowMs: number): Entry[] {
  if (entries.every(({ deadlineMs }) => nowMs < deadlineMs)) return entries;
  return entries.filter((entry) => {
    if (nowMs < entry.deadlineMs) return true;
    entry.reject(unstored(entry, entry.trouble ?? "its turn did not come"));
    return false;
  });
}

function refusalOf(message: Msg): { readonly code: number; readonly reason: string } | undefined {
  if (message.data.length === 0) return { code: noResponders, reason: "its stream does not exist" };
  const { error } = message.json<Ack>();
  return error && { code: 0, reason: error.description ?? `error ${error.code ?? "unknown"}` };
}

function unstored({ what, timeoutMs }: Publishing, reason: string): SamspelError {
  return new SamspelError(
    "SAMSPEL_BROKER_UNREACHABLE",
    `Cannot ${what}: JetStream did not store it within ${timeoutMs} ms (${reason}); it may be there all the same, so try again with the same id`,
  );
}

function overloaded({ what }: Publishing, limit: number): SamspelError {
  return new SamspelError(
    "SAMSPEL_OVERLOADED",
    `Cannot ${what} as too many messages wait for JetStream: the limit is ${limit}`,
    { metadata: { limit: String(limit) } },
  );
}
