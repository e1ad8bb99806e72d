// Pulling the messages of a stream in order, so many at a time as are asked for (F2).
//
// An own pull loop on a consumer without acks: the server sends no more than was asked for, and a batch is asked for
// when less than one is read or on its way. The ordered consumer of nats.js pulls ahead of its reader.
import {
  AckPolicy,
  createInbox,
  DeliverPolicy,
  nanos,
  ReplayPolicy,
  type ConsumerConfig,
  type Msg,
} from "nats";
import type { Broker } from "../topic/index.ts";

/** From which message on. */
export type StreamStart =
  | { readonly type: "sequence"; readonly sequence: number }
  | { readonly type: "time"; readonly time: Date };

/** A message and its place. */
export interface StreamMessage {
  readonly sequence: number;
  readonly message: Msg;
}

type Pulled = StreamMessage | { readonly interrupted: string };

/** A source of messages; one `next` at a time. */
export interface StreamPull extends AsyncDisposable {
  /** The number of the last message before the start. */
  readonly before: number;
  /** Waits for a message, or for the news that the source is at its end: begin again after what was read. */
  next(): Promise<Pulled>;
}

export interface StreamPullOptions {
  readonly stream: string;
  readonly subject: string;
  readonly start: StreamStart;
  readonly signal: AbortSignal;
}

const pendingHeader = "Nats-Pending-Messages";
const batch = 256;
const leastBytes = 2 * 1024 * 1024;
const expiresMs = 30_000;
const heartbeatMs = 5_000;
const patienceMs = 2 * heartbeatMs + 1_000;
const inactiveMs = 60_000;

/** Makes a consumer and reads it until `signal` aborts; rejects where it cannot be made. */
export async function openPull(broker: Broker, options: StreamPullOptions): Promise<StreamPull> {
  const { connection, manager } = broker;
  const { stream, signal } = options;
  const { name, delivered } = await manager.consumers.add(stream, consumerConfig(options));
  const inbox = createInbox();
  const request = JSON.stringify({
    batch,
    // A message that is larger than this would never come.
    max_bytes: Math.max(leastBytes, (connection.info?.max_payload ?? 0) + 64 * 1024),
    expires: nanos(expiresMs),
    idle_heartbeat: nanos(heartbeatMs),
  });
  const arrived: StreamMessage[] = [];
  const closed = new AbortController();
  let expected = 0;
  /** Of the requests that are open, how many messages may still come. */
  let awaited = 0;
  let interrupted: string | undefined;
  let wake: (() => void) | undefined;

  const interrupt = (reason: string): void => {
    interrupted ??= reason;
    wake?.();
  };
  const silence = setTimeout(() => {
    if (awaited > 0) interrupt("no heartbeat");
  }, patienceMs).unref();
  const onMessage = (message: Msg): void => {
    if (closed.signal.aborted) return; // a refresh would start the timer again
    silence.refresh();
    const place = placeOf(message);
    if (place !== undefined) {
      // One that was lost on the way leaves a gap in what the consumer counts.
      if (place.delivery !== ++expected) return interrupt("a message was lost on the way");
      awaited -= 1;
      arrived.push({ sequence: place.sequence, message });
      wake?.();
      return;
    }
    const code = message.headers?.code ?? 0;
    if (code === 100) return;
    // A request is over; the others may go on.
    awaited = Math.max(0, awaited - Number(message.headers?.get(pendingHeader) || awaited));
    const reason = `${code} ${message.headers?.description ?? ""}`.trim();
    if (code === 404 || code === 408 || /Batch Completed|Message Size/.test(reason)) wake?.();
    else interrupt(reason);
  };
  const subscription = connection.subscribe(inbox, {
    callback: (error, message) => (error === null ? onMessage(message) : interrupt(error.message)),
  });
  broker.onReconnect(() => interrupt("reconnected"), closed.signal);
  const onAbort = (): void => interrupt("stopped");
  signal.addEventListener("abort", onAbort, { once: true });

  return {
    before: delivered.stream_seq,
    async next() {
      for (;;) {
        if (signal.aborted) return { interrupted: "stopped" };
        if (awaited + arrived.length < batch && interrupted === undefined) {
          awaited += batch;
          silence.refresh();
          connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`, request, { reply: inbox });
        }
        const next = arrived.shift();
        if (next !== undefined) return next;
        if (interrupted !== undefined) return { interrupted };
        await new Promise<void>((resolve) => (wake = resolve));
        wake = undefined;
      }
    },
    async [Symbol.asyncDispose]() {
      closed.abort();
      clearTimeout(silence);
      signal.removeEventListener("abort", onAbort);
      if (connection.isClosed()) return;
      subscription.unsubscribe();
      // Not waited for: the server forgets it by itself, a minute later.
      manager.consumers.delete(stream, name).catch(() => {});
    },
  };
}

function consumerConfig({ subject, start }: StreamPullOptions): Partial<ConsumerConfig> {
  return {
    filter_subject: subject,
    ack_policy: AckPolicy.None,
    replay_policy: ReplayPolicy.Instant,
    mem_storage: true,
    num_replicas: 1,
    inactive_threshold: nanos(inactiveMs),
    ...(start.type === "time"
      ? { deliver_policy: DeliverPolicy.StartTime, opt_start_time: start.time.toISOString() }
      : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: Math.max(1, start.sequence) }),
  };
}

/**
 * The numbers of a message in its stream and among what its consumer delivered, out of the reply subject
 * `$JS.ACK[.<domain>.<account>].<stream>.<consumer>.<attempt>.<sequence>.<delivery>.…`; undefined for what is no
 * message of the stream but the server's word.
 */
function placeOf({ reply }: Msg): { readonly sequence: number; readonly delivery: number } | undefined {
  if (reply === undefined || !reply.startsWith("$JS.ACK.")) return undefined;
  const tokens = reply.split(".");
  const from = tokens.length === 9 ? 5 : 7;
  return { sequence: Number(tokens[from]), delivery: Number(tokens[from + 1]) };
}

/** When a message was stored. */
export function storedAtOf({ reply = "" }: Msg): Date {
  const tokens = reply.split(".");
  return new Date(Number(BigInt(tokens[tokens.length === 9 ? 7 : 9] ?? "0") / 1_000_000n));
}
