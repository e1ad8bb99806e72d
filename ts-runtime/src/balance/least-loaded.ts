// Power of two choices: of two members at random, the one that costs less. After Mitzenmacher, "The Power of Two Choices in
// Randomized Load Balancing", 2001: as good as asking all of them, without the herding. What one costs is its slowness times
// the calls in flight with this one (Finagle's peak EWMA). Invariants:
//   P1. A member is drawn as often as its weight says, and its calls in flight count by its weight: at little load, one of
//       weight 1 beside one of 99 so gets a hundredth of the calls, and not each second one. With equal costs, the one that was
//       drawn first is it.
//   P2. One that came new, or back, is drawn as one of a tenth of its weight at first, and more by and by (slow start).
//   P3. One that is slow, but not very, keeps some of the calls that it would have if it was quick, as long as it has none in
//       flight and no fault: who makes one call at a time so sees both instances, and what made one slow is soon known to
//       be over.
import type { Member } from "./member.ts";
import type { WeightedDraw } from "./weighted-draw.ts";

/** How long a member takes to its whole share. */
export const warmingMs = 10_000;
const leastShare = 0.1;

/** The share of its weight that a member has by now (P2). */
function warmth({ health }: Member, nowMs: number): number {
  const since = health.warmingSinceMs;
  if (since === undefined) return 1;
  const share = (nowMs - since) / warmingMs;
  if (share >= 1) {
    health.warmingSinceMs = undefined;
    return 1;
  }
  return Math.max(leastShare, share);
}

/** How many calls it has, of the kind that one more would be. */
function countOf({ load }: Member, isStream: boolean): number {
  return isStream ? load.streams : load.calls;
}

/** What another call would cost at a member that has `times` the weight of who it is compared with. */
function costOf(member: Member, times: number, isStream: boolean, nowMs: number): number {
  const count = countOf(member, isStream);
  return member.load.slowness(nowMs) * (Math.floor(times <= 1 ? count : count / times) + 1);
}

/** Whether the second of two costs less than the first. */
export function isCheaper(second: Member, first: Member, isStream: boolean, nowMs: number): boolean {
  const one = first.weight * warmth(first, nowMs);
  const other = second.weight * warmth(second, nowMs);
  return costOf(second, other / one, isStream, nowMs) < costOf(first, one / other, isStream, nowMs);
}

/** From so many times the cost of the other on, nothing is left to one that is slow (P3). */
const mostCost = 4;

interface Chance {
  readonly nowMs: number;
  readonly random: () => number;
}

/** Whether the first of two gets the call though the second costs less (P3). */
function isSpared(first: Member, second: Member, isStream: boolean, { nowMs, random }: Chance): boolean {
  if (countOf(first, isStream) > 0 || first.load.isFaulty(nowMs)) return false;
  const ratio = first.load.slowness(nowMs) / second.load.slowness(nowMs);
  return ratio < mostCost && random() * (mostCost - 1) >= ratio - 1;
}

/** Picks one; undefined where there is none. */
export function pickLeastLoaded<M extends Member>(
  draw: WeightedDraw<M>,
  isStream: boolean,
  nowMs: number,
  random: () => number,
): M | undefined {
  const { members } = draw;
  if (members.length < 2) return members[0];
  let first = draw.at(random());
  let one = members[first];
  if (one === undefined) return undefined;
  const share = warmth(one, nowMs);
  if (share < 1 && random() >= share) {
    first = draw.atBeside(random(), first);
    one = members[first] ?? one;
  }
  const other = members[draw.atBeside(random(), first)] ?? one;
  return isCheaper(other, one, isStream, nowMs) && !isSpared(one, other, isStream, { nowMs, random })
    ? other
    : one;
}
