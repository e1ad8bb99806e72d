// Members to draw from, as often as their weights say.
import type { Member } from "./member.ts";

export class WeightedDraw<M extends Member> {
  readonly members: readonly M[];
  /** The sum of all weights. */
  readonly weight: number;
  /** Where the stretch of each begins, when they lie beside each other; undefined where all are alike. */
  readonly #starts: readonly number[] | undefined;

  constructor(members: readonly M[]) {
    this.members = members;
    const starts: number[] = [];
    let weight = 0;
    for (const member of members) {
      starts.push(weight);
      weight += member.weight;
    }
    this.weight = weight;
    this.#starts = members.every((member) => member.weight === members[0]?.weight) ? undefined : starts;
  }

  /** Whether all weights are alike. */
  get isEven(): boolean {
    return this.#starts === undefined;
  }

  /** The index at a point from 0 to below 1. */
  at(point: number): number {
    if (this.#starts === undefined) return Math.floor(point * this.members.length);
    return lastAtMost(this.#starts, point * this.weight);
  }

  /** Of the rest, as if one had not its stretch; there must be two at least. */
  atBeside(point: number, index: number): number {
    const count = this.members.length;
    if (this.#starts === undefined) return (index + 1 + Math.floor(point * (count - 1))) % count;
    const start = this.#starts[index] ?? 0;
    const own = this.members[index]?.weight ?? 0;
    const scaled = point * (this.weight - own);
    return lastAtMost(this.#starts, scaled < start ? scaled : scaled + own);
  }
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
