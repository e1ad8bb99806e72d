// Which partition falls to which instance. Every instance computes it for itself, from the same members: equal for
// all, balanced, and steady. Rendezvous hashing ("A Name-Based Mapping Scheme for Rendezvous", Thaler and Ravishankar,
// 1996) with a bound on each member's load: pairs are served by their scores, while the member has room.

/** The member of each partition; none without members. */
export function assignPartitions(
  members: Iterable<string>,
  partitions: number,
): readonly (string | undefined)[] {
  const names = [...new Set(members)].toSorted();
  const least = Math.floor(partitions / names.length);
  let larger = partitions % names.length;
  const pairs = names.flatMap((member) =>
    Array.from({ length: partitions }, (_, partition) => ({
      member,
      partition,
      score: hash(`${member}/${partition}`),
    })),
  );
  // The sort is stable, so names and partitions decide between equal scores.
  pairs.sort((a, b) => b.score - a.score);
  const loads = new Map<string, number>(names.map((member) => [member, 0]));
  const assigned = Array.from<string | undefined>({ length: partitions });
  for (const { member, partition } of pairs) {
    const load = loads.get(member) ?? 0;
    if (assigned[partition] !== undefined) continue;
    if (load > least || (load === least && larger === 0)) continue;
    if (load === least) larger -= 1;
    loads.set(member, load + 1);
    assigned[partition] = member;
  }
  return assigned;
}

/** FNV-1a with the finalizer of MurmurHash3: cheap, and each bit of the input moves half of the output's. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) h = Math.imul(h ^ text.charCodeAt(index), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
