// Where a partition goes on with its next holder.
//
// T1. It goes on where it was, as long as the stream is the same one and the group was not reset since.
// T2. Of a bucket that was lost, a process still knows what it held itself; the rest begins where the group began.
// T3. A stream that lost its last messages gives their numbers to others: what is beyond its end is not believed.
import type { GroupEntry, PartitionEntry } from "./group-entries.ts";

export interface Taking {
  /** The next holder. */
  readonly member: string;
  readonly group: GroupEntry;
  /** Of the stream as it is. */
  readonly created: string;
  readonly lastSequence: number;
  /** What is written down. */
  readonly current: PartitionEntry | undefined;
  /** What this process wrote last of it. */
  readonly remembered: PartitionEntry | undefined;
  /** The last holder did not give it back. */
  readonly isLeft: boolean;
}

/** The entry of a partition for its next holder. */
export function takenEntry(taking: Taking): PartitionEntry {
  const { member, group, created, lastSequence, current, remembered, isLeft } = taking;
  const isValid = (entry: PartitionEntry): boolean =>
    entry.created === created && entry.generation >= group.generation;
  const known = current ?? remembered;
  const before = known !== undefined && isValid(known) ? known : undefined;
  const epoch = Math.max(current?.epoch ?? 0, remembered?.epoch ?? 0) + 1;
  const own = { owner: member, epoch, generation: group.generation, created };
  const begin = group.created === created ? group.position : 0;
  const isBeyond = before !== undefined && before.position > Math.max(begin, lastSequence);
  if (before === undefined || isBeyond) {
    const position = isBeyond ? lastSequence : begin;
    return {
      ...own,
      position,
      through: position,
      undone: [],
      troubled: {},
      crashes: { at: position, count: 0 },
    };
  }
  const { position, through, undone, troubled, crashes } = before;
  const count = !isLeft ? 0 : crashes.at === position ? crashes.count + 1 : 1;
  return {
    ...own,
    position,
    through: Math.max(position, Math.min(through, lastSequence)),
    undone,
    troubled,
    crashes: { at: position, count },
  };
}
