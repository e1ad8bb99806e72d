// What may be done to a group from outside: it is written into its entry, and its members follow within a second.
import { SamspelError } from "../../errors/index.ts";
import type { Broker } from "../broker.ts";
import { bucketName, isBucketMissing, openEntries, type Entries, type Entry } from "./entries.ts";
import { groupKey, readView, type GroupEntry, type GroupView } from "./group-entries.ts";
import { positionOf, type Start } from "./start.ts";
import { wakeSubject, workKey } from "./work-key.ts";

/** A group of a stream. */
export interface GroupName {
  /** The stream's name, with the prefix. */
  readonly stream: string;
  readonly group: string;
}

const maxTries = 20;

/**
 * Pauses or resumes a group on all instances, until it is told otherwise: running handlers end, no further one begins.
 * @throws SAMSPEL_NOT_FOUND for a group that never ran.
 */
export async function setPaused(broker: Broker, name: GroupName, paused: boolean): Promise<void> {
  await change(broker, name, (entry) => ({ ...entry, paused }));
}

/**
 * Sets a group back or forward: it goes on from there within seconds, on whatever instance. Attempts are forgotten. With
 * an inbox, what it notes is to be forgotten, too: see `forgetNotes`.
 * @throws SAMSPEL_NOT_FOUND for a group that never ran.
 */
export async function resetGroup(broker: Broker, name: GroupName, to: Start): Promise<void> {
  const { created } = await broker.manager.streams.info(name.stream);
  const position = await positionOf(broker, name.stream, to);
  await change(broker, name, (entry) => ({ ...entry, generation: entry.generation + 1, position, created }));
}

async function change(
  broker: Broker,
  { stream, group }: GroupName,
  make: (entry: GroupEntry) => GroupEntry,
): Promise<void> {
  const entries = openEntries(broker, bucketName);
  const work = workKey(stream, group);
  for (let tries = 1; tries <= maxTries; tries++) {
    const { group: entry } = await readGroup(entries, { stream, group });
    if (entry === undefined) throw unknownGroup({ stream, group });
    const { revision, ...rest } = entry;
    if ((await entries.replace(`${work}.${groupKey}`, make(rest), revision)) === undefined) continue;
    broker.connection.publish(wakeSubject(broker.prefix, stream, group));
    return;
  }
  throw new SamspelError(
    "SAMSPEL_OVERLOADED",
    `Group ${group} of ${stream} is changed by others all the time`,
  );
}

/** What a group wrote down; nothing where there is no bucket. */
export async function readGroup(entries: Entries, { stream, group }: GroupName): Promise<GroupView> {
  const found = await entries.readAll(workKey(stream, group)).catch((error: unknown) => {
    if (isBucketMissing(error)) return new Map<string, Entry>();
    throw error;
  });
  return readView(found);
}

/** A group that nobody ever ran. */
export function unknownGroup({ stream, group }: GroupName): SamspelError {
  return new SamspelError(
    "SAMSPEL_NOT_FOUND",
    `There is no group ${group} of stream ${stream}: it appears when an instance runs it for the first time`,
  );
}
