// How many calls ended of late, and how many of them failed: in ten slots of a tenth of the window each, so that it costs the
// same whatever the load. What counts is between nine and ten tenths of the window old at most.

const slots = 10;

export class SlidingWindow {
  readonly #ended = Array.from({ length: slots }, () => 0);
  readonly #failed = Array.from({ length: slots }, () => 0);
  #windowMs = 0;
  /** Counted from the start of the clock. */
  #slot = 0;
  #calls = 0;
  #failures = 0;

  /** As of the last `record`. */
  get calls(): number {
    return this.#calls;
  }

  get failures(): number {
    return this.#failures;
  }

  /** A call has ended. Another window than before begins anew. */
  record(failed: boolean, windowMs: number, nowMs: number): void {
    if (windowMs !== this.#windowMs) {
      this.reset();
      this.#windowMs = windowMs;
    }
    const slot = Math.floor((nowMs * slots) / windowMs);
    if (slot !== this.#slot) this.#advance(slot);
    const at = slot % slots;
    this.#ended[at] = (this.#ended[at] ?? 0) + 1;
    this.#calls += 1;
    if (!failed) return;
    this.#failed[at] = (this.#failed[at] ?? 0) + 1;
    this.#failures += 1;
  }

  reset(): void {
    this.#ended.fill(0);
    this.#failed.fill(0);
    this.#calls = 0;
    this.#failures = 0;
  }

  #advance(slot: number): void {
    if (slot - this.#slot >= slots) this.reset();
    else {
      for (let passed = this.#slot + 1; passed <= slot; passed += 1) {
        const at = passed % slots;
        this.#calls -= this.#ended[at] ?? 0;
        this.#failures -= this.#failed[at] ?? 0;
        this.#ended[at] = 0;
        this.#failed[at] = 0;
      }
    }
    this.#slot = slot;
  }
}
