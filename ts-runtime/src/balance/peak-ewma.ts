// A mean that rises at once and falls with time. After Finagle's `PeakEwma` load metric: a peak is believed as it comes, and
// forgotten by an exponential decay towards 0; so one who is left alone is tried again some day.

export class PeakEwma {
  readonly #decayMs: number;
  #value = 0;
  #atMs = 0;

  /** @param decayMs the time in which a value falls to 1/e, a third. */
  constructor(decayMs: number) {
    this.#decayMs = decayMs;
  }

  observe(value: number, nowMs: number): void {
    const elapsedMs = Math.max(0, nowMs - this.#atMs);
    const rest = Math.exp(-elapsedMs / this.#decayMs);
    const faded = this.#value * rest;
    this.#value = value > faded ? value : faded + value * (1 - rest);
    this.#atMs = nowMs;
  }

  reset(nowMs: number): void {
    this.#value = 0;
    this.#atMs = nowMs;
  }

  /** The value by now; one that is not above `floor` is told as it was, as its decay makes no difference. */
  read(nowMs: number, floor: number): number {
    if (this.#value <= floor) return this.#value;
    return this.#value * Math.exp(-Math.max(0, nowMs - this.#atMs) / this.#decayMs);
  }
}
