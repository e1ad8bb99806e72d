// The lanes that stand in line for a handler, and how many handlers run.
import { Line } from "./line.ts";
import type { Item, Lane, PartitionWork } from "./partition-work.ts";

export class Lineup<T> {
  readonly #ready: Line<Lane<T>> = new Line();
  running = 0;

  get isEmpty(): boolean {
    return this.#ready.isEmpty;
  }

  push(lane: Lane<T>): void {
    lane.state = "ready";
    this.#ready.push(lane);
  }

  /** The next lane whose partition is open; the others are held. */
  next(isOpen: (partition: PartitionWork<T>) => boolean): Lane<T> | undefined {
    for (let lane = this.#ready.shift(); lane !== undefined; lane = this.#ready.shift()) {
      if (lane.state !== "ready") continue;
      if (isOpen(lane.partition)) return lane;
      lane.state = "held";
    }
    return undefined;
  }

  /** The held lanes of a partition stand in line again. */
  admit(partition: PartitionWork<T>): void {
    for (const lane of partition.lanes.values()) if (lane.state === "held") this.push(lane);
  }

  begun({ partition }: Lane<T>): void {
    this.running += 1;
    partition.running += 1;
  }

  ended({ partition }: Lane<T>): void {
    this.running -= 1;
    partition.running -= 1;
    if (partition.careful > 0) this.admit(partition);
  }

  /** A lane goes on with its next message, or leaves where it has none. */
  goOn(lane: Lane<T>): void {
    if (lane.queue.length > 0) {
      this.push(lane);
    } else {
      lane.partition.lanes.delete(lane.key);
      lane.state = "gone";
    }
  }

  /** Takes a message out of its lane; false where its handler runs already, or ran. */
  withdraw(partition: PartitionWork<T>, item: Item<T>): boolean {
    for (const lane of partition.lanes.values()) {
      const index = lane.queue.indexOf(item);
      if (index === -1) continue;
      if (index === 0 && lane.state === "running") return false;
      lane.queue.splice(index, 1);
      if (lane.queue.length === 0) this.goOn(lane);
      return true;
    }
    return false;
  }
}
