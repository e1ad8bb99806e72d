// The streams of tells and of their replies. Whoever comes first makes them: a tell does not wait for its callee.
import { DiscardPolicy, nanos, RetentionPolicy, StorageType, type StreamConfig, type StreamInfo } from "nats";
import { apiErrorOf, streamNameInUse, streamNotFound, type Broker } from "../topic/index.ts";
import { replyStream, tellPartitions, tellStream } from "./address.ts";

const duplicateWindowMs = 120_000;

/** How long it is kept what came of a tell. */
export const replyRetentionMs: number = 7 * 24 * 60 * 60 * 1_000;

/** JetStream's own, which the library does not name yet; a server before 2.12 leaves it out. */
interface WithSchedules extends Partial<StreamConfig> {
  readonly allow_msg_schedules?: boolean;
}

/** Makes sure that the stream of a proto service's tells exists. */
export function ensureTellStream(broker: Broker, service: string): Promise<StreamInfo> {
  const { prefix } = broker;
  return ensure(broker, {
    name: `${prefix}${tellStream(service)}`,
    subjects: [`${prefix}tell.${service}.*`, `${prefix}later.${service}.*`],
    metadata: { "samspel-partitions": String(tellPartitions) },
    duplicate_window: nanos(duplicateWindowMs),
    allow_msg_schedules: true,
  });
}

/** Makes sure that the stream of a tell's subject exists; of another subject, nothing. Both are without the prefix. */
export async function ensureTellStreamOf(broker: Broker, subject: string): Promise<void> {
  const [, service] = /^tell\.(.+)\.\d+$/.exec(subject) ?? [];
  if (service !== undefined) await ensureTellStream(broker, service);
}

/** Whether the server delivers messages of a stream later. */
export function canSchedule({ config }: StreamInfo): boolean {
  return (config as WithSchedules).allow_msg_schedules === true;
}

/** Makes sure that the stream of replies exists. */
export function ensureReplyStream(broker: Broker): Promise<StreamInfo> {
  const { prefix } = broker;
  return ensure(broker, {
    name: `${prefix}${replyStream}`,
    subjects: [`${prefix}reply.>`],
    max_msgs_per_subject: 1,
    max_age: nanos(replyRetentionMs),
    allow_direct: true,
  });
}

async function ensure(
  { manager }: Broker,
  own: WithSchedules & { readonly name: string },
): Promise<StreamInfo> {
  const existing = await manager.streams.info(own.name).catch((error: unknown) => {
    if (apiErrorOf(error) === streamNotFound) return undefined;
    throw error;
  });
  if (existing !== undefined) return existing;
  const config: WithSchedules = {
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    ...own,
  };
  return manager.streams.add(config).catch(async (error: unknown) => {
    if (apiErrorOf(error) !== streamNameInUse) throw error;
    return manager.streams.info(own.name); // another came first
  });
}
