// Who is there, in the order of coming, where many come and go. A `Set` would do, but what comes and goes makes it outgrow
// its table again and again, and V8 keeps an outgrown table for as long as one before it is in the old generation, as each
// points to the next. What was there when a table was outgrown is copied by each young collection then, and stays in memory
// until the next full one: of calls, 64 at a time, that is all of them.
//
// Invariants:
//   R1. The order is that of coming, and of coming again.
//   R2. A place that was left holds neither its neighbours nor its value.

/** Where something stands. */
export interface Place {
  /** Takes it out. Does nothing where it has left before. */
  leave(): void;
  /** Puts it behind all others, as if it had come now. Does nothing where it has left. */
  renew(): void;
}

/** What all places of a roster share. */
interface Home {
  size: number;
}

class Link<T> implements Place {
  /** Undefined when it has left, and at the ends. */
  value: T | undefined;
  older: Link<T> = this;
  newer: Link<T> = this;
  readonly #home: Home;
  readonly #ends: Link<T>;

  constructor(home: Home, ends?: Link<T>, value?: T) {
    this.#home = home;
    this.#ends = ends ?? this;
    this.value = value;
  }

  leave(): void {
    if (this.value === undefined) return;
    this.#unlink();
    this.value = undefined;
    this.older = this.newer = this;
    this.#home.size -= 1;
  }

  renew(): void {
    if (this.value === undefined || this.newer === this.#ends) return;
    this.#unlink();
    this.join();
  }

  join(): void {
    this.older = this.#ends.older;
    this.newer = this.#ends;
    this.older.newer = this;
    this.#ends.older = this;
  }

  #unlink(): void {
    this.older.newer = this.newer;
    this.newer.older = this.older;
  }
}

export class Roster<T extends object> implements Iterable<T> {
  readonly #home: Home = { size: 0 };
  /** Between the newest and the oldest. */
  readonly #ends = new Link<T>(this.#home);

  get size(): number {
    return this.#home.size;
  }

  /** The first that came of those that are there. */
  get oldest(): T | undefined {
    return this.#ends.newer.value;
  }

  add(value: T): Place {
    const link = new Link(this.#home, this.#ends, value);
    link.join();
    this.#home.size += 1;
    return link;
  }

  /** Those who are there now, from the oldest on, without those who leave meanwhile. */
  *[Symbol.iterator](): Generator<T> {
    const links: Link<T>[] = [];
    for (let link = this.#ends.newer; link !== this.#ends; link = link.newer) links.push(link);
    // Not before it is at hand: its value is gone when it has left.
    for (const link of links) if (link.value !== undefined) yield link.value;
  }

  /** The same step by step, for who looks at the first few of many: nobody but the one at hand may leave meanwhile. */
  *fromOldest(): Generator<T> {
    let next = this.#ends.newer;
    for (let { value } = next; value !== undefined; { value } = next) {
      next = next.newer;
      yield value;
    }
  }
}
