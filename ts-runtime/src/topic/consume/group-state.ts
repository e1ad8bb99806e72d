// How a group is, for those who look after it.
import { AckPolicy, DeliverPolicy, nanos } from "nats";
import { apiErrorOf, noMessageFound, streamNotFound } from "../api-error.ts";
import type { Broker } from "../broker.ts";
import { bucketName, openEntries } from "./entries.ts";
import { groupKey, type MemberEntry, type StoredPartition } from "./group-entries.ts";
import { readGroup, unknownGroup, type GroupName } from "./group-control.ts";

/** A message that failed and is tried again. */
interface WaitingMessage {
  readonly sequence: number;
  readonly key: string;
  readonly attempts: number;
  /** The latest one, in one line. */
  readonly error: string;
}

/** How one partition of a group is. */
export interface PartitionState {
  readonly partition: number;
  /** The process that holds it: `service host/pid`; undefined where none does. */
  readonly owner: string | undefined;
  /** All messages up to this number are done. */
  readonly position: number;
  /** How many are still to be done. */
  readonly pending: number;
  /** Age of the oldest one that is still to be done; 0 without one. By the clocks of the server and of this process. */
  readonly lagSeconds: number;
  readonly waiting: readonly WaitingMessage[];
}

/** How a group is. */
export interface GroupState extends GroupName {
  readonly paused: boolean;
  readonly members: readonly MemberEntry[];
  readonly partitions: readonly PartitionState[];
  readonly pending: number;
  readonly lagSeconds: number;
}

const inactiveMs = 5_000;

/** All groups that ever ran, in the order of their streams. */
export async function listGroups(broker: Broker): Promise<readonly GroupName[]> {
  const { manager, prefix } = broker;
  const bucket = `${prefix}${bucketName}`;
  const subjects = `$KV.${bucket}.*.*.${groupKey}`;
  const info = await manager.streams
    .info(`KV_${bucket}`, { subjects_filter: subjects })
    .catch((error: unknown) => {
      if (apiErrorOf(error) === streamNotFound) return undefined;
      throw error;
    });
  return Object.keys(info?.state.subjects ?? {})
    .map((subject) => {
      const [stream = "", group = ""] = subject.slice(`$KV.${bucket}.`.length).split(".");
      return { stream, group };
    })
    .toSorted((a, b) => (`${a.stream} ${a.group}` < `${b.stream} ${b.group}` ? -1 : 1));
}

/**
 * Tells how a group is. It asks the server twice for each partition, so it is for people, not for hot paths.
 * @throws SAMSPEL_NOT_FOUND for a group that never ran.
 */
export async function groupState(broker: Broker, { stream, group }: GroupName): Promise<GroupState> {
  const entries = openEntries(broker, bucketName);
  const view = await readGroup(entries, { stream, group });
  if (view.group === undefined) throw unknownGroup({ stream, group });
  const { config } = await broker.manager.streams.info(stream);
  const pattern = config.subjects[0] ?? "";
  const ordered = [...view.partitions].toSorted(([a], [b]) => a - b);
  const partitions = await Promise.all(
    ordered.map(async ([partition, entry]): Promise<PartitionState> => {
      const subject = pattern.replace(/\*$/, String(partition));
      const [pending, lagSeconds] = await Promise.all([
        pendingOf(broker, stream, subject, entry),
        lagOf(broker, stream, subject, entry),
      ]);
      const owner = view.members.get(entry.owner);
      return {
        partition,
        owner: owner && `${owner.name} ${owner.host}/${owner.pid}`,
        position: entry.position,
        pending,
        lagSeconds: pending === 0 ? 0 : lagSeconds,
        waiting: Object.entries(entry.troubled).map(([sequence, trouble]) => ({
          sequence: Number(sequence),
          key: trouble.key,
          attempts: trouble.attempts,
          error: trouble.history.at(-1)?.error ?? "",
        })),
      };
    }),
  );
  return {
    stream,
    group,
    paused: view.group.paused,
    members: [...view.members.values()],
    partitions,
    pending: partitions.reduce((sum, { pending }) => sum + pending, 0),
    lagSeconds: Math.max(0, ...partitions.map(({ lagSeconds }) => lagSeconds)),
  };
}

/** How far a group is: by partition, the number up to which all messages are done. */
export async function groupPositions(broker: Broker, name: GroupName): Promise<ReadonlyMap<number, number>> {
  const { partitions } = await readGroup(openEntries(broker, bucketName), name);
  return new Map([...partitions].map(([partition, { position }]) => [partition, position]));
}

async function pendingOf(
  { manager }: Broker,
  stream: string,
  subject: string,
  { through, undone }: StoredPartition,
): Promise<number> {
  const { name, num_pending: pending } = await manager.consumers.add(stream, {
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: through + 1,
    filter_subject: subject,
    inactive_threshold: nanos(inactiveMs),
    mem_storage: true,
    num_replicas: 1,
  });
  await manager.consumers.delete(stream, name).catch(() => {});
  return pending + undone.length;
}

async function lagOf(
  { manager }: Broker,
  stream: string,
  subject: string,
  { position }: StoredPartition,
): Promise<number> {
  const query = { seq: position + 1, next_by_subj: subject };
  try {
    const { time } = await manager.streams.getMessage(stream, query);
    return Math.max(0, (Date.now() - time.getTime()) / 1_000);
  } catch (error) {
    if (apiErrorOf(error) === noMessageFound) return 0;
    throw error;
  }
}
