// Which member a key belongs to: consistent hashing on a ring, with bounded loads (Mirrokni, Thorup and Zadimoghaddam,
// "Consistent Hashing with Bounded Loads", 2016). Invariants:
//   K1. The same members give the same owner of a key in each process, whatever the order.
//   K2. When a member comes or goes, only keys of its own stretches move: about K/n of K keys. One that is left out for a
//       while, or busy, passes its keys to the next ones on the ring, and has them back afterwards.
//   K3. Who has a quarter more than its share of the calls in flight, and more than a few, is passed over: a key that
//       everybody asks for does not bring its owner down.
import { hashAgain, hashOf } from "./hash.ts";
import type { Member } from "./member.ts";

/** Points of a member of the least weight: shares differ by about a sixth (1/√40). */
const pointsOfOne = 40;
const mostPoints = 4_000;
const loadFactor = 1.25;
const alwaysAllowed = 16;
/** A point is its hash and, in the low bits, whose it is. */
const maxMembers = 2 ** 20;

export class HashRing<M extends Member> {
  readonly #members: readonly M[];
  readonly #points: Float64Array;
  readonly #weight: number;

  constructor(members: readonly M[]) {
    this.#members = members.toSorted((a, b) => (a.name < b.name ? -1 : 1)).slice(0, maxMembers);
    const least = members.reduce((least, { weight }) => Math.min(least, weight), Infinity);
    const points: number[] = [];
    let total = 0;
    for (const [index, { name, weight }] of this.#members.entries()) {
      const hash = hashOf(name);
      const count = Math.min(mostPoints, Math.round(pointsOfOne * (weight / least)));
      for (let number = 1; number <= count; number += 1) {
        points.push(hashAgain(hash, number) * maxMembers + index);
      }
      total += weight;
    }
    this.#points = Float64Array.from(points).toSorted();
    this.#weight = total;
  }

  /**
   * The first one from the key's point on that `may` have it and is not too busy (K3); else the first that may; undefined
   * where none may.
   */
  pick(key: string, inFlight: number, may: (member: M) => boolean): M | undefined {
    const count = this.#points.length;
    if (count === 0) return undefined;
    const start = this.#indexOf(hashOf(key) * maxMembers) % count;
    const owner = this.#at(start);
    if (owner !== undefined && may(owner) && !this.#isBusy(owner, inFlight)) return owner;
    const seen = new Set<M>();
    let first: M | undefined;
    for (let step = 0; step < count && seen.size < this.#members.length; step += 1) {
      const member = this.#at((start + step) % count);
      if (member === undefined || seen.has(member)) continue;
      if (may(member)) {
        if (!this.#isBusy(member, inFlight)) return member;
        first ??= member;
      }
      seen.add(member);
    }
    return first;
  }

  #isBusy({ inFlight, weight }: M, all: number): boolean {
    const share = (loadFactor * (all + 1) * weight) / this.#weight;
    return inFlight >= Math.max(alwaysAllowed, Math.ceil(share));
  }

  #at(index: number): M | undefined {
    return this.#members[(this.#points[index] ?? 0) % maxMembers];
  }

  /** Of the first point that is not below. */
  #indexOf(point: number): number {
    let [low, high] = [0, this.#points.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#points[middle] ?? Infinity) < point) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
