// Values by key, in the order of their use. A `Map` alone could keep the order, by deleting and setting a key at each
// use; but then it outgrows its table again and again, and V8 holds each such table for as long as one before it has
// grown old (see `bounded.ts`). A use here moves a link.
//
// Invariants:
//   R1. The order is that of the last use, the longest unused first.
//   R2. A place that was left holds no neighbour.

interface Place<V> {
  readonly key: string;
  readonly value: V;
  older: Place<V> | undefined;
  newer: Place<V> | undefined;
}

export class RecentlyUsed<V> {
  readonly #places = new Map<string, Place<V>>();
  #oldest: Place<V> | undefined;
  #newest: Place<V> | undefined;

  get size(): number {
    return this.#places.size;
  }

  /** The value of a key, which is the last used from now on. */
  use(key: string): V | undefined {
    const place = this.#places.get(key);
    if (place === undefined) return undefined;
    if (place !== this.#newest) {
      this.#unlink(place);
      this.#append(place);
    }
    return place.value;
  }

  /** Adds the value of a key that has none; it is the last used. */
  add(key: string, value: V): void {
    const place: Place<V> = { key, value, older: undefined, newer: undefined };
    this.#places.set(key, place);
    this.#append(place);
  }

  delete(key: string): void {
    const place = this.#places.get(key);
    if (place === undefined) return;
    this.#places.delete(key);
    this.#unlink(place);
  }

  clear(): void {
    this.#places.clear();
    this.#oldest = this.#newest = undefined;
  }

  /** From the longest unused on. The one at hand may be deleted meanwhile. */
  *[Symbol.iterator](): Generator<readonly [key: string, value: V]> {
    for (let place = this.#oldest; place !== undefined;) {
      const { key, value, newer } = place;
      yield [key, value];
      place = newer;
    }
  }

  #append(place: Place<V>): void {
    place.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = place;
    else this.#newest.newer = place;
    this.#newest = place;
  }

  #unlink(place: Place<V>): void {
    const { older, newer } = place;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    place.older = place.newer = undefined;
  }
}
