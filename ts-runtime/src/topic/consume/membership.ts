// Who runs a group, and who of them lives; no clock but one's own is asked.
//
// M1. A member writes its entry every second. Another takes it for dead when the entry has stayed the same for
//     `deadAfterMs` by the other's own clock, since it first saw it so.
// M2. A member believes in what it holds for `believeMs` from the moment that it began to write its entry. As that
//     is less than `deadAfterMs`, it stops to believe before anybody takes it for dead, however long it was frozen.
// M3. A member that stopped to believe, and whose entry gets through again, may have been replaced meanwhile: it
//     writes each entry that it holds, on the revision that it knows, before it believes again.
import type { Entries } from "./entries.ts";
import { memberKey, ownMember, type GroupView } from "./group-entries.ts";

export const beatMs = 1_000;
const believeMs = 3_000;
const deadAfterMs = 4_000;
/** Entries of the dead go away after so long. */
const forgetAfterMs = 30_000;

interface Seen {
  readonly revision: number;
  readonly sinceMs: number;
}

export class Membership {
  readonly id: string;
  readonly #entries: Entries;
  readonly #work: string;
  readonly #name: string;
  readonly #seen: Map<string, Seen> = new Map();
  #members: GroupView["members"] = new Map();
  #believesUntilMs = 0;

  constructor(options: {
    readonly id: string;
    readonly entries: Entries;
    readonly work: string;
    readonly name: string;
  }) {
    this.id = options.id;
    this.#entries = options.entries;
    this.#work = options.work;
    this.#name = options.name;
  }

  /** Writes the own entry. A member that leaves gets nothing any more, and keeps what it has until it gives it back. */
  async beat(leaving: boolean): Promise<void> {
    await this.#entries.write(`${this.#work}.${memberKey(this.id)}`, { ...ownMember(this.#name), leaving });
  }

  /** Whether this process may take for its own what it holds (M2). */
  believes(): boolean {
    return performance.now() < this.#believesUntilMs;
  }

  /** To be called when all that is held was found to be held still (M3). */
  believeSince(beatAtMs: number): void {
    this.#believesUntilMs = beatAtMs + believeMs;
  }

  /** Notes what was read. */
  observe(members: GroupView["members"]): void {
    const now = performance.now();
    this.#members = members;
    for (const [id, { revision }] of members) {
      if (this.#seen.get(id)?.revision !== revision) this.#seen.set(id, { revision, sinceMs: now });
    }
    for (const id of this.#seen.keys()) if (!members.has(id)) this.#seen.delete(id);
  }

  /** Nothing could be read: nobody is blamed for silence in that time. */
  excuse(): void {
    const now = performance.now();
    for (const [id, { revision }] of this.#seen) this.#seen.set(id, { revision, sinceMs: now });
  }

  /** Who is to have partitions. */
  live(): readonly string[] {
    return [...this.#members].flatMap(([id, { leaving }]) => (leaving || !this.#isLive(id) ? [] : id));
  }

  /** Whether a member is dead, by the word of the store's leader: a replica may be behind. */
  async isDead(id: string): Promise<boolean> {
    if (this.#isLive(id)) return false;
    const entry = await this.#entries.read(`${this.#work}.${memberKey(id)}`);
    return entry === undefined || entry.revision === this.#seen.get(id)?.revision;
  }

  /** Removes the entries of those who are long dead. */
  async forgetDead(): Promise<void> {
    const before = performance.now() - forgetAfterMs;
    for (const [id, { sinceMs }] of this.#seen) {
      if (id !== this.id && sinceMs < before) await this.#entries.remove(`${this.#work}.${memberKey(id)}`);
    }
  }

  async leave(): Promise<void> {
    await this.#entries.remove(`${this.#work}.${memberKey(this.id)}`);
  }

  #isLive(id: string): boolean {
    const seen = this.#seen.get(id);
    return seen !== undefined && performance.now() - seen.sinceMs < deadAfterMs;
  }
}
