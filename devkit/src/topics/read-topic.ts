// Reads a topic from NATS, as docs/concepts/topics.md has it on the wire: no group, no consumer that stays.
import { NatsError, type JsMsg, type MsgHdrs, type NatsConnection, type StreamInfo } from "nats";
import { setTimeout as sleep } from "node:timers/promises";
import type { DeclaredTopic } from "./declared-topic.ts";
import { startOf, type Place } from "./place.ts";
import { openPull } from "./pull.ts";

/** A message as it lies there. */
export interface StoredMessage {
  /** Undefined in a live topic. */
  readonly partition: number | undefined;
  readonly sequence: number | undefined;
  readonly time: Date;
  /** By name in lower case, decoded. */
  readonly headers: Readonly<Record<string, string>>;
  readonly data: Uint8Array;
}

export interface ReadOptions {
  readonly connection: NatsConnection;
  readonly prefix: string;
  /** A live topic has none but its end. */
  readonly place: Place;
  /** Whether to go on with what comes. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
  /** Told once where there is no stream yet. */
  readonly onWait?: () => void;
  /**
   * Told when nothing that comes from now on will be missed, and again after a break: when the stream was created, which
   * tells it from one that is made anew. Empty in a live topic, and while there is no stream.
   */
  readonly onReading?: (created: string) => void;
}

const lookEveryMs = 500;
const streamNotFound = 10_059;

/** Reads until the signal aborts; without `follow` until what was there is read. */
export async function* readTopic(
  topic: Pick<DeclaredTopic, "name" | "live">,
  options: ReadOptions,
): AsyncGenerator<StoredMessage, void> {
  yield* topic.live ? readLive(topic.name, options) : readKept(topic.name, options);
}

async function* readLive(
  name: string,
  { connection, prefix, signal, onReading }: ReadOptions,
): AsyncGenerator<StoredMessage, void> {
  const subscription = connection.subscribe(`${prefix}live.${name}`);
  const end = (): void => subscription.unsubscribe();
  signal.addEventListener("abort", end, { once: true });
  try {
    await connection.flush();
    onReading?.("");
    for await (const { data, headers } of subscription) {
      const plain = headersOf(headers);
      const time = timeOf(plain) ?? new Date();
      yield { partition: undefined, sequence: undefined, time, headers: plain, data };
    }
  } finally {
    signal.removeEventListener("abort", end);
    end();
  }
}

async function* readKept(name: string, options: ReadOptions): AsyncGenerator<StoredMessage, void> {
  const { connection, prefix, follow, signal, onReading } = options;
  const stream = `${prefix}${name.replaceAll(".", "_")}`;
  let { place } = options;
  let isReading = false;
  while (!signal.aborted) {
    try {
      const found = await untilStream(stream, options);
      if (found === undefined) return;
      const { info, waited } = found;
      const { created } = info;
      // What lies in a stream that was waited for came after the wait began.
      if (waited) place = { type: "beginning" };
      const pull = await openPull({
        connection,
        stream,
        subject: `${prefix}topic.${name}.*`,
        start: startOf(place, info),
        signal,
      });
      if (place.type === "end") place = { type: "after", sequence: info.state.last_seq, created };
      isReading = true;
      onReading?.(created);
      if (!follow && pull.pending === 0) return;
      for await (const message of pull.messages()) {
        place = { type: "after", sequence: message.seq, created };
        yield stored(message);
        if (!follow && message.info.pending === 0) return;
      }
    } catch (error) {
      // Who follows waits until it is back; who never got there is told.
      if (!follow || !isReading) throw error;
    }
    await sleep(lookEveryMs, undefined, { signal }).catch(() => {});
  }
}

/** The stream; waits for it where the topic is followed. */
async function untilStream(
  stream: string,
  { connection, follow, signal, onWait, onReading }: ReadOptions,
): Promise<{ readonly info: StreamInfo; readonly waited: boolean } | undefined> {
  const manager = await connection.jetstreamManager();
  for (let waited = false; !signal.aborted; waited = true) {
    const info = await manager.streams.info(stream).catch((error: unknown) => {
      if (error instanceof NatsError && error.api_error?.err_code === streamNotFound) return undefined;
      throw error;
    });
    if (info !== undefined) return { info, waited };
    if (!follow) return undefined;
    if (!waited) {
      onWait?.();
      onReading?.("");
    }
    await sleep(lookEveryMs, undefined, { signal }).catch(() => {});
  }
  return undefined;
}

function stored({ subject, seq, info, headers, data }: JsMsg): StoredMessage {
  const plain = headersOf(headers);
  return {
    partition: Number(subject.slice(subject.lastIndexOf(".") + 1)),
    sequence: seq,
    time: timeOf(plain) ?? new Date(info.timestampNanos / 1e6),
    headers: plain,
    data,
  };
}

function timeOf(headers: Readonly<Record<string, string>>): Date | undefined {
  const time = new Date(headers["ce-time"] ?? "");
  return Number.isNaN(time.getTime()) ? undefined : time;
}

/** By name in lower case; values are percent-encoded as CloudEvents has it. */
function headersOf(received: MsgHdrs | undefined): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, [value]] of received ?? [])
    if (value !== undefined) headers[name.toLowerCase()] = plain(value);
  return headers;
}

function plain(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
