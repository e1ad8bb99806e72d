// Writes down how far the held partitions are.
//
// P1. A place is written on the revision that this process knows, so who was replaced writes nothing.
// P2. Where it is unknown whether a write got through, the entry is read: owner and epoch tell whether it still is
//     this process's, as each holder has an epoch of its own.
import { backoffMs } from "../../resilience/index.ts";
import type { Logger } from "../../telemetry/index.ts";
import type { Entries } from "./entries.ts";
import { partitionKey, readPartition } from "./group-entries.ts";
import type { PartitionWork } from "./partition-work.ts";

/** How long a place may be unwritten while messages are handled. */
const everyMs = 100;
const maxTries = 4;

export interface PlacesOptions<T> {
  readonly entries: Entries;
  readonly work: string;
  /** The member that this process is. */
  readonly member: string;
  readonly logger: Logger;
  /** Partitions that turned out not to be held any more. */
  readonly lose: (partition: PartitionWork<T>) => void;
}

export class Places<T> {
  readonly #options: PlacesOptions<T>;
  readonly #saving: Map<PartitionWork<T>, Promise<boolean>> = new Map();
  readonly #touched: Set<PartitionWork<T>> = new Set();
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;

  constructor(options: PlacesOptions<T>) {
    this.#options = options;
  }

  /** A partition has something to write, soon. */
  touch(partition: PartitionWork<T>): void {
    if (partition.dirty) return;
    partition.dirty = true;
    this.#touched.add(partition);
    this.#timer ??= setTimeout(() => this.#saveTouched(), everyMs);
  }

  /**
   * Writes a partition's place, as it is at the call or later; with `owner` empty, it is given back. False where it is
   * not held any more.
   * @throws where NATS cannot say.
   */
  async save(partition: PartitionWork<T>, owner: string = this.#options.member): Promise<boolean> {
    for (;;) {
      const before = this.#saving.get(partition);
      if (before === undefined) break;
      await before.catch(() => {});
    }
    const saving = this.#write(partition, owner);
    this.#saving.set(partition, saving);
    try {
      return await saving;
    } finally {
      this.#saving.delete(partition);
    }
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  async #write(partition: PartitionWork<T>, owner: string): Promise<boolean> {
    const { entries, work, member, lose } = this.#options;
    const key = `${work}.${partitionKey(partition.partition)}`;
    for (let tries = 1; tries <= maxTries && partition.state !== "gone"; tries++) {
      partition.dirty = false;
      try {
        const revision = await entries.replace(key, partition.entry(owner), partition.revision);
        if (revision !== undefined) {
          partition.revision = revision;
          return true;
        }
        const found = await entries.read(key);
        const current = found && readPartition(found);
        if (current?.owner !== member || current.epoch !== partition.epoch) break;
        partition.revision = current.revision; // an earlier write got through, and its answer did not
      } catch (error) {
        partition.dirty = true;
        throw error;
      }
    }
    lose(partition);
    return false;
  }

  #saveTouched(): void {
    const touched = [...this.#touched];
    this.#touched.clear();
    this.#timer = undefined;
    const saves = touched
      .filter(({ state }) => state === "active" || state === "ending")
      .map((partition) => this.save(partition).catch((error: unknown) => this.#again(partition, error)));
    void Promise.all(saves).then((results) => {
      if (results.every((result) => result !== undefined)) this.#failures = 0;
    });
  }

  #again(partition: PartitionWork<T>, error: unknown): undefined {
    this.#failures += 1;
    const { logger } = this.#options;
    logger.debug({ err: error, partition: partition.partition }, "place cannot be saved now");
    this.#touched.add(partition);
    this.#timer ??= setTimeout(() => this.#saveTouched(), backoffMs(this.#failures));
  }
}
