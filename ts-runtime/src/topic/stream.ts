// The streams of topics and of dead letters: the wire contract, the same in every language. Whoever comes first
// creates them.
import { DiscardPolicy, nanos, RetentionPolicy, StorageType, type StreamConfig, type StreamInfo } from "nats";
import type { TopicDescriptor } from "../descriptor/index.ts";
import { SamspelError } from "../errors/index.ts";
import { apiErrorOf, streamNameInUse, streamNotFound } from "./api-error.ts";
import type { Broker } from "./broker.ts";

const partitionsKey = "samspel-partitions";
const duplicateWindowMs = 120_000;

/** The stream that holds a topic. */
export function streamName(prefix: string, topic: TopicDescriptor): string {
  return `${prefix}${topic.name.replaceAll(".", "_")}`;
}

/** The subjects of a topic's messages; its stream holds fences, too. */
export function topicSubjects(prefix: string, topic: TopicDescriptor): string {
  return `${prefix}topic.${topic.name}.*`;
}

/** The subject of one of a topic's partitions. */
export function partitionSubject(prefix: string, topic: TopicDescriptor, partition: number): string {
  return `${prefix}topic.${topic.name}.${partition}`;
}

/**
 * The subject that fences a lane of publishing to a stream: who holds the lane stores a message there. `stream` is
 * without the prefix.
 */
export function fenceSubject(prefix: string, stream: string, lane: string): string {
  return `${prefix}fence.${stream}.${lane}`;
}

/** The stream that holds all dead letters. */
export function deadLetterStream(prefix: string): string {
  return `${prefix}dead_letters`;
}

/** The subject of the dead letters of a group in a topic. */
export function deadLetterSubject(
  prefix: string,
  group: string,
  topic: Pick<TopicDescriptor, "name">,
): string {
  return `${prefix}dead.${group}.${topic.name}`;
}

/**
 * Makes sure that a topic's stream exists, and tells what it is.
 * @throws SAMSPEL_INVALID_CONFIGURATION where it exists with another number of partitions, which is fixed.
 */
export async function ensureStream(broker: Broker, topic: TopicDescriptor): Promise<StreamInfo> {
  const name = streamName(broker.prefix, topic);
  const stored = await ensure(broker, {
    name,
    subjects: [
      topicSubjects(broker.prefix, topic),
      fenceSubject(broker.prefix, name.slice(broker.prefix.length), ">"),
    ],
    metadata: { [partitionsKey]: String(topic.partitions) },
  });
  const partitions = stored.config.metadata?.[partitionsKey];
  if (partitions === String(topic.partitions)) return stored;
  throw new SamspelError(
    "SAMSPEL_INVALID_CONFIGURATION",
    `Topic ${topic.name} has ${partitions ?? "an unknown number of"} partitions in stream ${name}, but ${topic.partitions} in its proto file: ` +
      `the number is fixed once the stream exists, so set it back, or give the topic another name`,
  );
}

/** Makes sure that the stream of dead letters exists. */
export async function ensureDeadLetterStream(broker: Broker): Promise<void> {
  await ensure(broker, {
    name: deadLetterStream(broker.prefix),
    subjects: [`${broker.prefix}dead.>`],
    metadata: {},
  });
}

async function ensure(
  { manager }: Broker,
  own: Pick<StreamConfig, "name" | "subjects"> & { readonly metadata: Record<string, string> },
): Promise<StreamInfo> {
  const existing = await manager.streams.info(own.name).catch((error: unknown) => {
    if (apiErrorOf(error) === streamNotFound) return undefined;
    throw error;
  });
  if (existing !== undefined) return completed(manager, existing, own.subjects);
  const config: Partial<StreamConfig> = {
    ...own,
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    duplicate_window: nanos(duplicateWindowMs),
  };
  return manager.streams.add(config).catch(async (error: unknown) => {
    if (apiErrorOf(error) !== streamNameInUse) throw error;
    // Another came first, with a default of its own.
    return completed(manager, await manager.streams.info(own.name), own.subjects);
  });
}

/** A stream that is there is taken as it is, but for subjects that it lacks. */
async function completed(
  manager: Broker["manager"],
  { config, ...info }: StreamInfo,
  wanted: readonly string[],
): Promise<StreamInfo> {
  const missing = wanted.filter((subject) => !config.subjects.includes(subject));
  if (missing.length === 0) return { config, ...info };
  return manager.streams.update(config.name, { ...config, subjects: [...config.subjects, ...missing] });
}

/** Lets a stream take the messages that fence lanes; `stream` is without the prefix. */
export async function ensureFences({ manager, prefix }: Broker, stream: string): Promise<StreamInfo> {
  const info = await manager.streams.info(`${prefix}${stream}`);
  return completed(manager, info, [fenceSubject(prefix, stream, ">")]);
}
