// Seeded chance, so that a demo can be played again: mulberry32, by Tommy Ettinger, public domain.

export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** An integer from `from` to `to`, both included. */
  between(from: number, to: number): number;
  /** True in so many of all cases. */
  chance(ratio: number): boolean;
  /** One of them. */
  pick<T>(items: readonly [T, ...T[]]): T;
}

/** Creates a source of chance from a seed. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    between: (from, to) => from + Math.floor(next() * (to - from + 1)),
    chance: (ratio) => next() < ratio,
    pick: (items) => items[Math.floor(next() * items.length)] ?? items[0],
  };
}
