// An entity's commands run one at a time, in the order in which they came (J1).
import { SamspelError } from "../errors/index.ts";

const maxWaiting = 1_000;

/** Runs pieces of work one after another; a failure is its own and stops nothing. */
export class Mailbox {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** Whether nothing runs and nothing waits. */
  get idle(): boolean {
    return this.#waiting === 0;
  }

  /**
   * Queues work behind what is there.
   * @throws SAMSPEL_OVERLOADED when 1,000 pieces wait already.
   */
  run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= maxWaiting) {
      throw new SamspelError(
        "SAMSPEL_OVERLOADED",
        `Too many commands wait for one entity: the limit is ${maxWaiting}`,
        {
          metadata: { limit: String(maxWaiting) },
        },
      );
    }
    const result = this.#waiting++ === 0 ? work() : this.#last.then(work);
    const leave = (): void => void this.#waiting--;
    this.#last = result.then(leave, leave);
    return result;
  }
}
