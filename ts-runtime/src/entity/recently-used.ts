// Values by key, in the order of their use. A use moves a place in a roster, and leaves the map alone: deleting and setting
// a key at each use would keep the order as well, and make the map outgrow its table again and again (see `Roster`).
import { Roster, type Place } from "../roster/index.ts";

interface Entry<V> {
  readonly key: string;
  readonly value: V;
}

interface Standing<V> {
  readonly entry: Entry<V>;
  readonly place: Place;
}

/** The order is that of the last use, the longest unused first. */
export class RecentlyUsed<V> {
  readonly #standing = new Map<string, Standing<V>>();
  #order = new Roster<Entry<V>>();

  get size(): number {
    return this.#standing.size;
  }

  /** The value of a key, which is the last used from now on. */
  use(key: string): V | undefined {
    const standing = this.#standing.get(key);
    standing?.place.renew();
    return standing?.entry.value;
  }

  /** Adds the value of a key that has none; it is the last used. */
  add(key: string, value: V): void {
    const entry = { key, value };
    this.#standing.set(key, { entry, place: this.#order.add(entry) });
  }

  delete(key: string): void {
    this.#standing.get(key)?.place.leave();
    this.#standing.delete(key);
  }

  clear(): void {
    this.#standing.clear();
    this.#order = new Roster();
  }

  /** From the longest unused on. The one at hand may be deleted meanwhile. */
  *[Symbol.iterator](): Generator<readonly [key: string, value: V]> {
    for (const { key, value } of this.#order.fromOldest()) yield [key, value];
  }
}
