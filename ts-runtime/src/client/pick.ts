// Power of two choices: of two channels at random, the one with fewer calls in flight. After Mitzenmacher, "The
// Power of Two Choices in Randomized Load Balancing", 2001: as good as asking all of them, without the herding.
import type { Channel } from "./channel.ts";

/** Picks a channel; those that were tried already only when there is no other. Undefined when there is none. */
export function pick<C extends Pick<Channel, "inFlight">>(
  channels: readonly C[],
  tried: ReadonlySet<C>,
  random: () => number = Math.random,
): C | undefined {
  const fresh = tried.size === 0 ? channels : channels.filter((channel) => !tried.has(channel));
  const candidates = fresh.length === 0 ? channels : fresh;
  const first = Math.floor(random() * candidates.length);
  const one = candidates[first];
  if (one === undefined || candidates.length === 1) return one;
  const second = (first + 1 + Math.floor(random() * (candidates.length - 1))) % candidates.length;
  const other = candidates[second];
  return other !== undefined && other.inFlight < one.inFlight ? other : one;
}
