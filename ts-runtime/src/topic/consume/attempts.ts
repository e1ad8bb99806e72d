// The handlers that run, and the end of those that take too long.
//
// A handler cannot be ended, only told: what takes too long has failed, and may still run beside the next attempt.
import type { RunningDelivery } from "./delivery.ts";

/** A handler that runs. */
interface Attempt {
  readonly owner: object;
  readonly deliveries: readonly RunningDelivery[];
  readonly sinceMs: number;
  readonly fail: (error: unknown) => void;
}

/** What a handler's end means for who began it. */
export interface AttemptEnds {
  readonly handled: () => void;
  readonly failed: (error: unknown) => void;
}

export class Attempts {
  readonly #timeoutMs: number;
  /** In the order of their beginnings. */
  readonly #running: Set<Attempt> = new Set();
  #sweep: NodeJS.Timeout | undefined;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Waits for a handler of `owner`; one of `ends` is called, once. */
  follow(
    owner: object,
    deliveries: readonly RunningDelivery[],
    result: PromiseLike<unknown>,
    ends: AttemptEnds,
  ): void {
    const over = (settle: () => void): void => {
      if (this.#running.delete(attempt)) settle();
    };
    const fail = (error: unknown): void => over(() => ends.failed(error));
    const attempt: Attempt = { owner, deliveries, sinceMs: performance.now(), fail };
    this.#running.add(attempt);
    this.#sweep ??= setInterval(() => this.#endLate(), Math.min(1_000, Math.ceil(this.#timeoutMs / 4)));
    result.then(() => over(ends.handled), fail);
  }

  /** Tells the handlers of one owner, or all, that nobody waits for them any longer. */
  abort(owner: object | undefined, reason: Error): void {
    for (const attempt of this.#running) {
      if (owner !== undefined && attempt.owner !== owner) continue;
      for (const delivery of attempt.deliveries) delivery.abort(reason);
    }
  }

  close(): void {
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }

  #endLate(): void {
    const before = performance.now() - this.#timeoutMs;
    for (const { sinceMs, deliveries, fail } of this.#running) {
      if (sinceMs > before) return;
      const error = new Error(`The handler took longer than ${this.#timeoutMs} ms`);
      for (const delivery of deliveries) delivery.abort(error);
      fail(error);
    }
    if (this.#running.size === 0) this.close();
  }
}
