// Reads a topic from NATS, as docs/concepts/topics.md has it on the wire: no group, no consumer that stays.
import { connect, NatsError, type JsMsg, type MsgHdrs, type NatsConnection } from "nats";
import { setTimeout as sleep } from "node:timers/promises";
import { UsageError } from "../backoffice/usage-error.ts";
import type { placeOf } from "./from.ts";
import type { DeclaredTopic } from "./topics.ts";

/** A message as it lies there. */
export interface Stored {
  /** Undefined in a live topic. */
  readonly partition: number | undefined;
  readonly sequence: number | undefined;
  readonly time: Date;
  readonly headers: Readonly<Record<string, string>>;
  readonly data: Uint8Array;
}

export interface ReadOptions {
  readonly connection: NatsConnection;
  readonly prefix: string;
  readonly place: ReturnType<typeof placeOf>;
  /** Whether to go on with what comes. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
  /** Told once where there is no stream yet. */
  readonly onWait: () => void;
}

const lookEveryMs = 500;
const streamNotFound = 10_059;

export async function connectNats(url: string): Promise<NatsConnection> {
  try {
    return await connect({ servers: url, name: "samspel tail", maxReconnectAttempts: -1, timeout: 5_000 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`NATS at ${url} does not answer (${reason}): give --nats, or set NATS_URL`);
  }
}

export async function* readTopic(topic: DeclaredTopic, options: ReadOptions): AsyncGenerator<Stored, void> {
  yield* topic.live ? readLive(topic, options) : readKept(topic, options);
}

async function* readLive(
  { name }: DeclaredTopic,
  { connection, prefix, signal }: ReadOptions,
): AsyncGenerator<Stored, void> {
  const subscription = connection.subscribe(`${prefix}live.${name}`);
  signal.addEventListener("abort", () => subscription.unsubscribe(), { once: true });
  for await (const { data, headers } of subscription) {
    const plain = headersOf(headers);
    yield {
      partition: undefined,
      sequence: undefined,
      time: timeOf(plain) ?? new Date(),
      headers: plain,
      data,
    };
  }
}

async function* readKept(topic: DeclaredTopic, options: ReadOptions): AsyncGenerator<Stored, void> {
  const { connection, prefix, place, follow, signal } = options;
  const stream = `${prefix}${topic.name.replaceAll(".", "_")}`;
  if (!(await untilStream(stream, options))) return;
  const consumer = await connection.jetstream().consumers.get(stream, {
    ...place,
    filterSubjects: `${prefix}topic.${topic.name}.*`,
  });
  const messages = await consumer.consume();
  signal.addEventListener("abort", () => void messages.close(), { once: true });
  const isEmpty = (await consumer.info(true)).num_pending === 0;
  if (!follow && isEmpty) return void (await messages.close());
  for await (const message of messages) {
    yield stored(message);
    if (!follow && message.info.pending === 0) break;
  }
  await messages.close();
}

/** Whether there is a stream; waits for it where the topic is followed. */
async function untilStream(
  stream: string,
  { connection, follow, signal, onWait }: ReadOptions,
): Promise<boolean> {
  const manager = await connection.jetstreamManager();
  for (let first = true; !signal.aborted; first = false) {
    const there = await manager.streams.info(stream).then(
      () => true,
      (error: unknown) => {
        if (error instanceof NatsError && error.api_error?.err_code === streamNotFound) return false;
        throw error;
      },
    );
    if (there) return true;
    if (!follow) return false;
    if (first) onWait();
    await sleep(lookEveryMs, undefined, { signal }).catch(() => {});
  }
  return false;
}

function stored({ subject, seq, info, headers, data }: JsMsg): Stored {
  const plain = headersOf(headers);
  const at = new Date(info.timestampNanos / 1e6);
  return {
    partition: Number(subject.slice(subject.lastIndexOf(".") + 1)),
    sequence: seq,
    time: timeOf(plain) ?? at,
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
