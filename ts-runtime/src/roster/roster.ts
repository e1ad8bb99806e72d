// Who is there, in the order of coming, where many come and go. A `Set` would do, but what comes and goes makes it outgrow
// its table again and again, and V8 keeps an outgrown table for as long as one before it is in the old generation, as each
// points to the next. What was there when a table was outgrown is copied by each young collection then, and stays in memory
// until the next full one: of calls, 64 at a time, that is all of them.
//
// Invariants:
//   R1. The order is that of coming.
//   R2. A place that was left holds neither its neighbours nor its value.

/** Where something stands. */
export interface Place {
  /** Takes it out. Does nothing where it has left before. */
  leave(): void;
}

class Link<T> implements Place {
  /** Undefined when it has left, and at the ends. */
  value: T | undefined;
  older: Link<T> = this;
  newer: Link<T> = this;
  readonly #roster: { size: number };

  constructor(roster: { size: number }, value?: T) {
    this.#roster = roster;
    this.value = value;
  }

  leave(): void {
    if (this.value === undefined) return;
    this.older.newer = this.newer;
    this.newer.older = this.older;
    this.value = undefined;
    this.older = this.newer = this;
    this.#roster.size -= 1;
  }
}

export class Roster<T extends object> implements Iterable<T> {
  readonly #counted = { size: 0 };
  /** Between the newest and the oldest. */
  readonly #ends = new Link<T>(this.#counted);

  get size(): number {
    return this.#counted.size;
  }

  /** The first that came of those that are there. */
  get oldest(): T | undefined {
    return this.#ends.newer.value;
  }

  add(value: T): Place {
    const link = new Link(this.#counted, value);
    link.older = this.#ends.older;
    link.newer = this.#ends;
    link.older.newer = link;
    this.#ends.older = link;
    this.#counted.size += 1;
    return link;
  }

  /** From the oldest on. Each may leave when it is at hand. */
  *[Symbol.iterator](): Generator<T> {
    let next = this.#ends.newer;
    for (let { value } = next; value !== undefined; { value } = next) {
      next = next.newer;
      yield value;
    }
  }
}
