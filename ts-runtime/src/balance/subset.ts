// Some of many instances, for a process that need not be connected to a thousand of them. By rendezvous hashing: each process
// has an order of its own of all names, and takes the first so many. Invariants:
//   S1. It stays as it is while its members stay: who comes takes the place of one at most, who goes is replaced by one.
//   S2. Over many processes, each instance is in about as many subsets as the others.
//   S3. With a zone, its own instances come first, but for a quarter, to which calls can spill over.
import { hashAgain, hashOf } from "./hash.ts";
import type { Member } from "./member.ts";

/** At most `size` of the members. @param seed the process's own. */
export function subsetOf<M extends Member>(
  members: readonly M[],
  { size, seed, zone }: { readonly size: number; readonly seed: number; readonly zone: string },
): readonly M[] {
  if (members.length <= size) return members;
  const rank = new Map(members.map((member) => [member, hashAgain(hashOf(member.name), seed)]));
  const ordered = members.toSorted(
    (a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0) || (a.name < b.name ? -1 : 1),
  );
  if (zone === "") return ordered.slice(0, size);
  const near = ordered.filter((member) => member.zone === zone).slice(0, size - Math.ceil(size / 4));
  const chosen = new Set(near);
  const rest = ordered.filter((member) => member.zone !== zone).slice(0, size - near.length);
  for (const member of rest) chosen.add(member);
  // Where others are few, more of the own zone.
  for (const member of ordered) if (chosen.size < size) chosen.add(member);
  return [...chosen];
}
