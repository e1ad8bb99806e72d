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
  const total = members.reduce((sum, { weight }) => sum + weight, 0);
  const uniform = members.every(({ weight }) => weight === members[0]?.weight);
  const starts: number[] = [];
  for (let start = 0, index = 0; index < members.length; index += 1) {
    starts.push(start);
    start += members[index]?.weight ?? 0;
  }

  const drawUniform = (): readonly [number, number] => {
    const first = Math.floor(random() * members.length);
    return [first, (first + 1 + Math.floor(random() * (members.length - 1))) % members.length];
  };
  const drawWeighted = (): readonly [number, number] => {
    const first = lastAtMost(starts, random() * total);
    const [start = 0, weight = 0] = [starts[first], members[first]?.weight];
    // The other is drawn from the rest, as if the first's stretch were not there.
    const point = random() * (total - weight);
    return [first, lastAtMost(starts, point < start ? point : point + weight)];
  };

  return (tried) => {
    if (tried.size > 0) {
      const fresh = members.filter(({ channel }) => !tried.has(channel));
      if (fresh.length > 0 && fresh.length < members.length) return createPick(fresh, random)(new Set());
    }
    if (members.length < 2) return members[0]?.channel;
    const [first, second] = uniform ? drawUniform() : drawWeighted();
    const [one, other] = [members[first], members[second]];
    if (one === undefined || other === undefined) return one?.channel;
    const isBusier = one.channel.inFlight * other.weight >= (other.channel.inFlight + 1) * one.weight;
    return (isBusier ? other : one).channel;
  };
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
