// Power of two choices: of two channels at random, the one with fewer calls in flight. After Mitzenmacher, "The
// Power of Two Choices in Randomized Load Balancing", 2001: as good as asking all of them, without the herding.
//
//   P1. A channel is drawn as often as its weight says, and its calls in flight count by its weight. At little load
//       one of weight 1 beside one of 99 so gets a hundredth of the calls, and not each second one.
//   P2. Those that were tried already are picked only when there is no other.
import type { Channel } from "./channel.ts";

/** A channel and its share of calls, 1 or more. */
export interface Member<C> {
  readonly channel: C;
  readonly weight: number;
}

/** Picks one of some channels; undefined when there is none. */
export type ChannelPick<C> = (tried: ReadonlySet<C>) => C | undefined;

/** Prepares the picking, so that a pick itself costs little; weights are looked at only where they differ. */
export function createPick<C extends Pick<Channel, "inFlight">>(
  members: readonly Member<C>[],
  random: () => number = Math.random,
): ChannelPick<C> {
  const uniform = members.every(({ weight }) => weight === members[0]?.weight);
  const starts = uniform ? [] : startsOf(members);
  const total = members.reduce((sum, { weight }) => sum + weight, 0);

  return (tried) => {
    if (tried.size > 0) {
      const fresh = members.filter(({ channel }) => !tried.has(channel));
      if (fresh.length > 0 && fresh.length < members.length) return createPick(fresh, random)(new Set());
    }
    const count = members.length;
    if (count < 2) return members[0]?.channel;
    const first = uniform ? Math.floor(random() * count) : lastAtMost(starts, random() * total);
    const one = members[first];
    if (one === undefined) return undefined;
    let second: number;
    if (uniform) {
      second = (first + 1 + Math.floor(random() * (count - 1))) % count;
    } else {
      // The other is drawn from the rest, as if the first's stretch were not there.
      const point = random() * (total - one.weight);
      second = lastAtMost(starts, point < (starts[first] ?? 0) ? point : point + one.weight);
    }
    const other = members[second] ?? one;
    const isBusier = one.channel.inFlight * other.weight >= (other.channel.inFlight + 1) * one.weight;
    return isBusier ? other.channel : one.channel;
  };
}

/** Where the stretch of each member begins, when the stretches lie beside each other. */
function startsOf(members: readonly Member<unknown>[]): readonly number[] {
  const starts: number[] = [];
  let start = 0;
  for (const { weight } of members) {
    starts.push(start);
    start += weight;
  }
  return starts;
}

/** Of ascending numbers that begin with 0, the index of the last one that is not above `point`. */
function lastAtMost(numbers: readonly number[], point: number): number {
  let [low, high] = [0, numbers.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((numbers[middle] ?? Infinity) <= point) low = middle;
    else high = middle - 1;
  }
  return low;
}
