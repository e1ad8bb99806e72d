// A partition that this process holds: how far it is, and what of it is under way.
//
// W1. `position` is the end of what is done without a gap. What is done beyond it is written down as well, as the list
//     of what is not, so a key that waits does not make a crash repeat the others.
// W2. A message is done once, whoever reads it how often: what is behind `received` is left out.
import type { Received } from "./received.ts";
import type { FailedAttempt, PartitionEntry, Trouble } from "./group-entries.ts";

/** A message on its way to its handler. */
export interface Item<T> {
  readonly sequence: number;
  readonly key: string;
  /** Undefined where it was set aside, to be fetched again when its turn comes. */
  content: { readonly message: Received; readonly value: T; readonly bytes: number } | undefined;
  /** Why it cannot be read. */
  readonly broken?: unknown;
  /** Of a dead letter that is tried again: how often it was before, and whom to tell. */
  readonly replay?: { readonly attempts: number; settle(outcome: ReplayOutcome): void };
}

/** How a replay ended; `moved` where it never began. */
export type ReplayOutcome =
  | { readonly type: "handled" }
  | { readonly type: "moved" }
  | { readonly type: "failed"; readonly error: unknown };

/** The messages of one key, in order. */
export interface Lane<T> {
  readonly key: string;
  readonly partition: PartitionWork<T>;
  readonly queue: Item<T>[];
  /**
   * `ready` stands in line; `held` would, but for its partition; `waiting` waits for a retry; `gone` was taken away
   * with its partition.
   */
  state: "ready" | "held" | "running" | "waiting" | "gone";
  timer: NodeJS.Timeout | undefined;
  /** So many of its messages are tried one by one, as a batch of them failed. */
  singly: number;
}

/** The most that are written down of what is not done; with more, a crash repeats from the position on. */
const maxUndoneNoted = 256;
const maxTroubleNoted = 64;
const maxHistory = 8;
const maxErrorLength = 240;

export class PartitionWork<T> {
  readonly partition: number;
  readonly epoch: number;
  readonly generation: number;
  readonly created: string;
  /**
   * `taken`: not begun, `onTake` runs. `active`: handlers begin. `ending`: none does any more, those that run end.
   * `gone`: given back, or lost.
   */
  state: "taken" | "active" | "ending" | "gone" = "taken";
  revision: number;
  /** The latest message that was read. */
  received: number;
  readonly lanes: Map<string, Lane<T>> = new Map();
  readonly undone: Map<number, Item<T>> = new Map();
  readonly troubled: Map<number, Trouble> = new Map();
  /** So many messages are tried one at a time, noted before each, as holders of this partition keep dying. */
  careful: number;
  running = 0;
  dirty = true;
  readonly #crashes: PartitionEntry["crashes"];
  /** What an earlier holder had done beyond the position. */
  #doneBefore: { readonly through: number; readonly undone: ReadonlySet<number> } | undefined;

  constructor(partition: number, entry: PartitionEntry, revision: number, careful: number) {
    this.partition = partition;
    this.epoch = entry.epoch;
    this.generation = entry.generation;
    this.created = entry.created;
    this.revision = revision;
    this.received = entry.position;
    this.careful = careful;
    this.#crashes = entry.crashes;
    for (const [sequence, trouble] of Object.entries(entry.troubled))
      this.troubled.set(Number(sequence), trouble);
    if (entry.through > entry.position) {
      this.#doneBefore = { through: entry.through, undone: new Set(entry.undone) };
    }
  }

  get position(): number {
    const first = this.undone.keys().next();
    return first.done === true ? this.received : first.value - 1;
  }

  /** Notes that a message was read; false where it is done already (W2). */
  receive(sequence: number): boolean {
    if (sequence <= this.received) return false;
    this.received = sequence;
    const before = this.#doneBefore;
    if (before === undefined) return true;
    if (sequence > before.through) {
      this.#doneBefore = undefined;
      return true;
    }
    return before.undone.has(sequence);
  }

  attemptsOf(sequence: number): number {
    return this.troubled.get(sequence)?.attempts ?? 0;
  }

  /** Notes that an attempt began or failed. */
  noteAttempts({ sequence, key }: Item<T>, attempts: number, error?: unknown): void {
    const history = this.troubled.get(sequence)?.history ?? [];
    this.troubled.set(sequence, {
      key,
      attempts,
      history: error === undefined ? history : [...history, failedAttempt(error)].slice(-maxHistory),
    });
  }

  /** Of an attempt that was noted before it began, in careful times: it did not begin, or does not count. */
  takeBackAttempt(item: Item<T>): void {
    if (this.careful === 0 || item.replay !== undefined) return;
    this.noteAttempts(item, Math.max(0, this.attemptsOf(item.sequence) - 1));
  }

  /** What is written down. */
  entry(owner: string): PartitionEntry {
    const { position, received, epoch, generation, created } = this;
    const before = this.#doneBefore;
    const undone =
      before === undefined
        ? [...this.undone.keys()]
        : [...this.undone.keys(), ...[...before.undone].filter((sequence) => sequence > received)];
    const isNoted = undone.length <= maxUndoneNoted;
    return {
      owner,
      epoch,
      generation,
      created,
      position,
      through: isNoted ? Math.max(received, before?.through ?? 0) : position,
      undone: isNoted ? undone : [],
      troubled: Object.fromEntries([...this.troubled].slice(0, maxTroubleNoted)),
      crashes: position > this.#crashes.at ? { at: position, count: 0 } : this.#crashes,
    };
  }
}

function failedAttempt(error: unknown): FailedAttempt {
  return { at: new Date().toISOString(), error: describeError(error).slice(0, maxErrorLength) };
}

/** An error in one line. */
export function describeError(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.replaceAll(/\s+/g, " ");
}
