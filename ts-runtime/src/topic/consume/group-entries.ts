// What a group writes down, as JSON: one entry for the group, one for each partition, one for each running instance.
//
// An entry that cannot be read is a failure and not an absence: it may be a later version's.
import { hostname } from "node:os";
import type { Entry } from "./entries.ts";

/** Of the group: where it began, or was set to, and whether it is paused. */
export interface GroupEntry {
  /** Counts resets; a partition with a lower one begins at `position`. */
  readonly generation: number;
  /** The sequence before the first message. */
  readonly position: number;
  /** The stream that `position` is of, by its time of creation. */
  readonly created: string;
  readonly paused: boolean;
}

/** One failed attempt. */
export interface FailedAttempt {
  /** RFC 3339. */
  readonly at: string;
  /** In one line. */
  readonly error: string;
}

/** A message whose handler failed, or that is tried carefully. */
export interface Trouble {
  readonly key: string;
  readonly attempts: number;
  /** The latest ones. */
  readonly history: readonly FailedAttempt[];
}

/** Of a partition: who works on it, and how far it is. */
export interface PartitionEntry {
  /** The member that holds it; empty where it was given back. */
  readonly owner: string;
  /** One more with each holder. */
  readonly epoch: number;
  readonly generation: number;
  readonly created: string;
  /** All up to here is done. */
  readonly position: number;
  /** All up to here is done, too, but for `undone`. */
  readonly through: number;
  readonly undone: readonly number[];
  /** By sequence. */
  readonly troubled: Readonly<Record<string, Trouble>>;
  /** How many holders in a row left without giving the partition back, at this position. */
  readonly crashes: { readonly at: number; readonly count: number };
}

/** A partition's entry, and the revision that it was read at. */
export type StoredPartition = PartitionEntry & { readonly revision: number };

/** Of a member: a process that runs the group. */
export interface MemberEntry {
  readonly host: string;
  readonly pid: number;
  /** The service's. */
  readonly name: string;
  /** It gets nothing any more. */
  readonly leaving: boolean;
}

export const groupKey = "group";
export const partitionKey = (partition: number): string => `partition.${partition}`;
export const memberKey = (member: string): string => `member.${member}`;

/** This process. */
export function ownMember(name: string): Omit<MemberEntry, "leaving"> {
  return { host: hostname(), pid: process.pid, name };
}

function parse(entry: Entry): unknown {
  try {
    return JSON.parse(Buffer.from(entry.body).toString("utf8"));
  } catch (error) {
    throw new Error(`Entry ${entry.key} is not JSON`, { cause: error });
  }
}

/** All that a group wrote down. */
export interface GroupView {
  readonly group: (GroupEntry & { readonly revision: number }) | undefined;
  readonly partitions: ReadonlyMap<number, StoredPartition>;
  readonly members: ReadonlyMap<string, MemberEntry & { readonly revision: number }>;
}

/** Reads what `Entries.readAll` gave. */
export function readView(entries: ReadonlyMap<string, Entry>): GroupView {
  const partitions = new Map<number, StoredPartition>();
  const members = new Map<string, MemberEntry & { readonly revision: number }>();
  let group: GroupView["group"];
  for (const [key, entry] of entries) {
    const { revision } = entry;
    if (key === groupKey) group = { ...(parse(entry) as GroupEntry), revision };
    else if (key.startsWith("partition.")) {
      partitions.set(Number(key.slice("partition.".length)), {
        ...(parse(entry) as PartitionEntry),
        revision,
      });
    } else if (key.startsWith("member.")) {
      members.set(key.slice("member.".length), { ...(parse(entry) as MemberEntry), revision });
    }
  }
  return { group, partitions, members };
}

/** Reads one partition's entry. */
export function readPartition(entry: Entry): StoredPartition {
  return { ...(parse(entry) as PartitionEntry), revision: entry.revision };
}
