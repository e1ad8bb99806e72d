// How long calls of a method take, of all instances: what the latency of one of them is compared with. A method that waits
// for a second by nature so makes nobody slow.

/** The mean of the last calls, about so many. */
const memory = 64;

/**
 * Differences of so many milliseconds are noise: a collection of garbage, a turn of the scheduler. It is added to both sides
 * of a comparison.
 */
const grainMs = 5;

export class UsualLatency {
  #meanMs = 0;
  #count = 0;

  observe(latencyMs: number): void {
    if (this.#count < memory) this.#count += 1;
    this.#meanMs += (latencyMs - this.#meanMs) / this.#count;
  }

  /** How many times the usual a latency is; 1 where nothing is usual yet. */
  timesUsual(latencyMs: number): number {
    return this.#count === 0 ? 1 : (latencyMs + grainMs) / (this.#meanMs + grainMs);
  }
}
