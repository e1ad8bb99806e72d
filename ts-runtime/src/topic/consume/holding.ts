// Takes the partitions that fall to this process, and gives back those that do not: a pulse each second, and one at
// once when another member comes or goes.
//
// H1. A partition is taken only where it was given back, or where its holder is dead (M1), on the revision that was
//     read then; so of two who take it, one does.
// H2. Who gives a partition back lets its running handlers end first, and writes its place.
// H3. A partition that was not given back was left by a crash. After some of them at one place, its messages are
//     tried one at a time, so that the one which ends its process is found.
import type { StreamInfo } from "nats";
import { assignRanges } from "../../cluster/index.ts";
import { backoffMs, createLatch, type Latch } from "../../resilience/index.ts";
import type { Entries } from "./entries.ts";
import { isBucketMissing } from "./entries.ts";
import {
  groupKey,
  partitionKey,
  readView,
  type GroupEntry,
  type GroupView,
  type PartitionEntry,
  type StoredPartition,
} from "./group-entries.ts";
import { beatMs, type Membership } from "./membership.ts";
import type { ResolvedConsumer } from "./options.ts";
import { PartitionWork } from "./partition-work.ts";
import type { Places } from "./places.ts";
import { positionOf } from "./start.ts";
import { takenEntry } from "./taken-entry.ts";

const crashesUntilCareful = 3;
/** At least as many as may be under way beyond a position when a process dies. */
const carefulMessages = 1_024;

export interface HoldingParts<T> {
  readonly options: ResolvedConsumer<T>;
  readonly entries: Entries;
  /** The beginning of the group's keys. */
  readonly work: string;
  readonly membership: Membership;
  readonly places: Places<T>;
  readonly held: Map<number, PartitionWork<T>>;
  /** Handlers of a partition may begin. */
  readonly activate: (partition: PartitionWork<T>) => void;
  /** Resolves when no handler of a partition runs any more, or nobody waits for them any longer. */
  readonly settled: (partition: PartitionWork<T>) => Promise<void>;
  /** A partition is not held any more. */
  readonly drop: (partition: PartitionWork<T>) => void;
  /** What is held, or whether the group is paused, changed. */
  readonly onChange: () => void;
  /** The members look at each other anew. */
  readonly tellOthers: () => void;
}

export class Holding<T> {
  readonly #parts: HoldingParts<T>;
  readonly #latch: Latch = createLatch();
  readonly #ending: Map<PartitionWork<T>, Promise<void>> = new Map();
  /** What was written last of partitions that were held here: a bucket may be lost. */
  readonly #remembered: Map<number, PartitionEntry> = new Map();
  #group: GroupEntry | undefined;
  #isLeaving = false;
  #stream: Pick<StreamInfo, "created" | "state"> | undefined;

  constructor(parts: HoldingParts<T>) {
    this.#parts = parts;
  }

  get isPaused(): boolean {
    return this.#group?.paused ?? false;
  }

  /** Looks at the members, the group and its partitions soon. */
  wake(): void {
    this.#latch.set();
  }

  /** Pulses until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { options, membership } = this.#parts;
    for (let failures = 0; !signal.aborted;) {
      try {
        await options.broker.connected(signal);
        if (signal.aborted) return;
        await this.#pulse();
        failures = 0;
        await this.#latch.wait(beatMs, signal);
      } catch (error) {
        if (isFatal(error)) throw error;
        failures += 1;
        membership.excuse();
        options.logger.debug({ err: error, failures }, "pulse failed");
        if (failures % 10 === 0)
          options.logger.warn({ err: error, failures }, "subscription cannot keep its partitions");
        if (isBucketMissing(error)) await this.#parts.entries.ensure().catch(() => {});
        await this.#latch.wait(backoffMs(failures, { maxMs: beatMs }), signal);
      }
    }
  }

  /** Gives all back; pulses must go on meanwhile, as handlers still run. */
  async leave(): Promise<void> {
    this.#isLeaving = true;
    this.wake();
    await Promise.all([...this.#parts.held.values()].map((partition) => this.giveBack(partition)));
  }

  /** Removes this member; to be called when the pulses have ended. */
  async goAway(): Promise<void> {
    await this.#parts.membership.leave().catch(() => {});
    this.#parts.tellOthers();
  }

  /** A partition that was lost or given back. */
  forget(partition: PartitionWork<T>): void {
    const { held, membership } = this.#parts;
    this.#remembered.set(partition.partition, partition.entry(membership.id));
    if (held.get(partition.partition) === partition) held.delete(partition.partition);
  }

  /** Makes sure that a partition is held still, and lets its handlers begin; else it is lost. */
  async verify(partition: PartitionWork<T>): Promise<void> {
    const { options, places, activate } = this.#parts;
    partition.state = "taken";
    for (let failures = 1; partition.state === "taken"; failures++) {
      try {
        await options.onTake?.(partition.partition);
        // What `onTake` did may have taken long: somebody else may hold the partition by now.
        if (await places.save(partition)) {
          if (partition.state === "taken") activate(partition);
          return;
        }
      } catch (error) {
        options.logger.debug(
          { err: error, partition: partition.partition, failures },
          "partition cannot be begun now",
        );
        const { promise, resolve } = Promise.withResolvers<void>();
        setTimeout(resolve, backoffMs(failures, { maxMs: beatMs }));
        await promise;
      }
    }
  }

  /** Ends the work on a partition and writes that it is free. */
  giveBack(partition: PartitionWork<T>): Promise<void> {
    const ending = this.#ending.get(partition) ?? this.#end(partition);
    this.#ending.set(partition, ending);
    return ending;
  }

  async #end(partition: PartitionWork<T>): Promise<void> {
    const { options, places, settled, drop, tellOthers } = this.#parts;
    if (partition.state !== "gone") partition.state = "ending";
    try {
      await settled(partition);
      await places.save(partition, "");
    } catch (error) {
      options.logger.debug(
        { err: error, partition: partition.partition },
        "partition cannot be given back now",
      );
    } finally {
      drop(partition);
      this.#ending.delete(partition);
      tellOthers();
    }
  }

  async #pulse(): Promise<void> {
    const { options, entries, work, membership, places, held, onChange } = this.#parts;
    const beatAtMs = performance.now();
    await membership.beat(this.#isLeaving);
    const view = readView(await entries.readAll(work));
    membership.observe(view.members);
    const hadLapsed = !membership.believes();
    if (hadLapsed) await Promise.all([...held.values()].map((partition) => places.save(partition))); // M3
    membership.believeSince(beatAtMs);
    const stream = await options.ensureStream();
    this.#stream = stream;
    const wasPaused = this.isPaused;
    const group = await this.#ensureGroup(view);
    if (group === undefined) return this.wake();
    this.#group = group;
    const { generation } = group;
    for (const partition of held.values()) {
      const entry = view.partitions.get(partition.partition);
      if (entry === undefined) await places.save(partition);
      else if (entry.epoch > partition.epoch) this.#parts.drop(partition);
      else if (partition.generation < generation || partition.created !== stream.created) {
        void this.giveBack(partition).then(() => this.wake());
      }
    }
    await this.#share(view, group);
    if (hadLapsed) this.#parts.tellOthers();
    if (wasPaused !== group.paused)
      options.logger.info({ paused: group.paused }, "subscription paused or resumed");
    onChange();
    await membership.forgetDead();
  }

  /** The group's entry; undefined where another wrote it a moment ago. */
  async #ensureGroup({ group }: GroupView): Promise<GroupEntry | undefined> {
    if (group !== undefined) return group;
    const { options, entries, work } = this.#parts;
    const { broker, stream, start } = options;
    const created = this.#stream?.created ?? "";
    const known = this.#group?.created === created ? this.#group : undefined;
    const entry = known ?? {
      generation: 1,
      position: await positionOf(broker, stream, start),
      created,
      paused: this.#group?.paused ?? false,
    };
    return (await entries.replace(`${work}.${groupKey}`, entry, 0)) === undefined ? undefined : entry;
  }

  /** Gives back what is another's, and takes what is ours. */
  async #share(view: GroupView, group: GroupEntry): Promise<void> {
    const { options, membership, held, entries, work } = this.#parts;
    const shares = assignRanges(work, membership.live(), options.partitions);
    const mine = new Set(shares.get(membership.id));
    const takes: Promise<void>[] = [];
    for (let partition = 0; partition < options.partitions; partition++) {
      const isMine = mine.has(partition) && !this.#isLeaving;
      const own = held.get(partition);
      const entry = view.partitions.get(partition);
      if (own !== undefined) {
        if (!isMine && !this.#isLeaving) void this.giveBack(own);
      } else if (isMine) {
        takes.push(this.#take(partition, entry, group));
      } else if (entry?.owner === membership.id) {
        // It could not be given back when it was dropped.
        const { revision, ...rest } = entry;
        await entries.replace(`${work}.${partitionKey(partition)}`, { ...rest, owner: "" }, revision);
      }
    }
    await Promise.all(takes);
  }

  async #take(partition: number, current: StoredPartition | undefined, group: GroupEntry): Promise<void> {
    const { options, entries, work, membership, held } = this.#parts;
    const owner = current?.owner ?? "";
    const isLeft = owner !== "" && owner !== membership.id;
    if (isLeft && !(await membership.isDead(owner))) return; // H1
    const entry = takenEntry({
      member: membership.id,
      group,
      created: this.#stream?.created ?? "",
      lastSequence: this.#stream?.state.last_seq ?? 0,
      current,
      remembered: this.#remembered.get(partition),
      isLeft,
    });
    const revision = await entries.replace(
      `${work}.${partitionKey(partition)}`,
      entry,
      current?.revision ?? 0,
    );
    if (revision === undefined || held.has(partition)) return;
    const isCareful = entry.crashes.count >= crashesUntilCareful;
    if (isLeft) {
      options.logger.info(
        { partition, from: owner, crashes: entry.crashes.count },
        "partition taken over from a dead process",
      );
    }
    if (isCareful) {
      options.logger.warn(
        { partition, position: entry.position, crashes: entry.crashes.count },
        "processes keep dying at this place: its messages are handled one at a time, to find the one that ends them",
      );
    }
    const taken = new PartitionWork<T>(partition, entry, revision, isCareful ? carefulMessages : 0);
    held.set(partition, taken);
    void this.verify(taken);
  }
}

function isFatal(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "SAMSPEL_INVALID_CONFIGURATION";
}
