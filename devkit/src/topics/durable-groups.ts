// The groups that read a topic by durable consumers: one for each partition, named `<group>-<partition>`, as
// docs/concepts/topics.md has it. Libraries of other languages work so; groups of leases are told by their services.
import type { ConsumerInfo, NatsConnection } from "nats";
import type { KeptTopic } from "./kept-topics.ts";

/** A partition of a group. */
export interface DurablePart {
  readonly partition: number;
  /** The number of the last message of which it and all before it are done. */
  readonly position: number;
  /** What is still to be handled, that which is being handled included. */
  readonly pending: number;
  /** Whether somebody asks for messages, or handles one. */
  readonly isRead: boolean;
  /** The oldest message that is to be handled. */
  readonly oldest: { readonly sequence: number; readonly storedAt: Date; readonly key: string } | undefined;
  /** How often that one failed, or was not answered in time. */
  readonly failures: number;
}

export interface DurableGroup {
  readonly group: string;
  /** By their numbers. */
  readonly parts: readonly DurablePart[];
}

const pattern = /^(.+)-(\d+)$/;

/** The groups of a topic, by name. */
export async function durableGroups(
  connection: NatsConnection,
  prefix: string,
  topic: KeptTopic,
): Promise<readonly DurableGroup[]> {
  const manager = await connection.jetstreamManager();
  const groups = new Map<string, Promise<DurablePart>[]>();
  for await (const info of manager.consumers.list(topic.stream)) {
    const [, group, number] = pattern.exec(info.config.durable_name ?? "") ?? [];
    if (group === undefined || info.config.filter_subject !== `${prefix}topic.${topic.name}.${number}`)
      continue;
    const parts = groups.get(group) ?? [];
    groups.set(group, parts);
    parts.push(partOf(connection, topic.stream, Number(number), info));
  }
  const all = await Promise.all(
    [...groups].map(async ([group, parts]) => ({
      group,
      parts: (await Promise.all(parts)).toSorted((a, b) => a.partition - b.partition),
    })),
  );
  return all.toSorted((a, b) => (a.group < b.group ? -1 : 1));
}

async function partOf(
  connection: NatsConnection,
  stream: string,
  partition: number,
  { config, ack_floor: done, delivered, ...info }: ConsumerInfo,
): Promise<DurablePart> {
  const pending = info.num_pending + info.num_ack_pending;
  return {
    partition,
    position: done.stream_seq,
    pending,
    isRead: info.num_waiting > 0 || info.num_ack_pending > 0,
    oldest:
      pending === 0
        ? undefined
        : await nextAfter(connection, {
            stream,
            sequence: done.stream_seq,
            subject: config.filter_subject ?? "",
          }),
    // With one message on its way at a time, each delivery since the last ack but the first is another attempt at it.
    failures: info.num_redelivered > 0 ? Math.max(0, delivered.consumer_seq - done.consumer_seq - 1) : 0,
  };
}

/** The first message of a subject after a number; undefined where it is gone by now. */
async function nextAfter(
  connection: NatsConnection,
  {
    stream,
    sequence,
    subject,
  }: { readonly stream: string; readonly sequence: number; readonly subject: string },
): Promise<DurablePart["oldest"]> {
  // The client has this question for streams with direct access only, which a stream of ours need not have.
  const reply = await connection.request(
    `$JS.API.STREAM.MSG.GET.${stream}`,
    JSON.stringify({ seq: sequence + 1, next_by_subj: subject }),
    { timeout: 5_000 },
  );
  const { message } = reply.json<{
    readonly message?: { readonly seq: number; readonly time: string; readonly hdrs?: string };
  }>();
  if (message === undefined) return undefined;
  const headers = Buffer.from(message.hdrs ?? "", "base64").toString("latin1");
  const key = /^ce-partitionkey: *(.*?)\r?$/im.exec(headers)?.[1] ?? "";
  return { sequence: message.seq, storedAt: new Date(message.time), key: plain(key) };
}

function plain(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
