// Weights for a policy that knows none: grpc-js' round robin takes the endpoints in the order of a list, so one with
// weight 3 stands in it three times. They share one connection, as grpc-js keeps one for each address.

/** The list grows with weights that have little in common: 100 and 99. Beyond this many turns they are rounded. */
const maxTurns = 128;

/** Each item as often as its weight says, spread evenly ("smooth weighted round robin", as nginx has it). */
export function byWeight<T extends { readonly weight: number }>(items: readonly T[]): readonly T[] {
  const divisor = items.map(({ weight }) => weight).reduce(greatestCommonDivisor, 0);
  const exact = items.map(({ weight }) => weight / divisor);
  const total = sum(exact);
  const limit = Math.max(maxTurns, items.length);
  const turns =
    total <= limit ? exact : exact.map((weight) => Math.max(1, Math.round((weight * limit) / total)));
  const credit = turns.map(() => 0);
  const round = sum(turns);
  return Array.from({ length: round }, () => {
    let best = 0;
    for (const [index, turn] of turns.entries()) {
      credit[index] = (credit[index] ?? 0) + turn;
      if ((credit[index] ?? 0) > (credit[best] ?? 0)) best = index;
    }
    credit[best] = (credit[best] ?? 0) - round;
    return items[best];
  }).filter((item) => item !== undefined);
}

const greatestCommonDivisor = (left: number, right: number): number =>
  right === 0 ? left : greatestCommonDivisor(right, left % right);

const sum = (numbers: readonly number[]): number => numbers.reduce((left, right) => left + right, 0);
