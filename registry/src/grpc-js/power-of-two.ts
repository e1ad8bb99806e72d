// Power of two choices: of two candidates at random, the one with fewer calls in flight. After Mitzenmacher, "The Power of
// Two Choices in Randomized Load Balancing", 2001: as good as asking all of them, without the herding.
//
//   W1. A candidate is drawn as often as its weight says, and its calls in flight count by its weight. At little load one of
//       weight 1 beside one of 99 so gets a hundredth of the calls.

/** One of those that a call may go to. */
export interface Candidate {
  /** Its share of calls, 1 or more. */
  readonly weight: number;
  readonly inFlight: number;
}

/** Picks one of some candidates; undefined of none. Their weights stay as they are, their calls are read at each pick. */
export function powerOfTwo<C extends Candidate>(
  candidates: readonly C[],
  random: () => number = Math.random,
): () => C | undefined {
  const total = candidates.reduce((sum, { weight }) => sum + weight, 0);
  const drawnAt = (point: number, without?: C): C | undefined => {
    let rest = point;
    for (const candidate of candidates) {
      if (candidate === without) continue;
      rest -= candidate.weight;
      if (rest < 0) return candidate;
    }
    return undefined;
  };
  return () => {
    const one = drawnAt(random() * total);
    if (one === undefined || candidates.length === 1) return one;
    const other = drawnAt(random() * (total - one.weight), one) ?? one;
    const isBusier = one.inFlight * other.weight >= (other.inFlight + 1) * one.weight;
    return isBusier ? other : one;
  };
}
