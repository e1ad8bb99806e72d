// Which range falls to which instance. Every instance computes it for itself, from the same members:
//
//   A1. Equal: it depends on the set of members and the work's name alone, not on who asks, or on what was before.
//   A2. Balanced: each member gets 16/n ranges, rounded down or up.
//   A3. Steady: who comes or goes moves few ranges beside those it gets or leaves.
//
// Rendezvous hashing ("A Name-Based Mapping Scheme for Rendezvous", Thaler and Ravishankar, 1996) with a bound on each
// member's load: the pairs of range and member are served by their scores, highest first, while the member has room.

/** The ranges of each member, in order. Works differ in who gets which, so that the rounding evens out. */
export function assignRanges(
  work: string,
  members: Iterable<string>,
  ranges: number,
): ReadonlyMap<string, readonly number[]> {
  const names = [...new Set(members)].toSorted();
  const least = Math.floor(ranges / names.length);
  let larger = ranges % names.length;
  const pairs = names.flatMap((member) =>
    Array.from({ length: ranges }, (_, range) => ({
      member,
      range,
      score: hash(`${member}/${work}#${range}`),
    })),
  );
  // The sort is stable, so names and ranges decide between equal scores.
  pairs.sort((a, b) => b.score - a.score);
  const assigned = new Map<string, number[]>(names.map((member) => [member, []]));
  const taken = new Set<number>();
  for (const { member, range } of pairs) {
    const own = assigned.get(member);
    if (own === undefined || taken.has(range)) continue;
    if (own.length > least || (own.length === least && larger === 0)) continue;
    if (own.length === least) larger--;
    own.push(range);
    taken.add(range);
  }
  for (const own of assigned.values()) own.sort((a, b) => a - b);
  return assigned;
}

/** FNV-1a with the finalizer of MurmurHash3: cheap, and each bit of the input moves half of the output's. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    h = Math.imul(h ^ text.charCodeAt(index), 0x01000193);
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
