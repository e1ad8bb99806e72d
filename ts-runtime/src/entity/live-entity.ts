// One entity in memory: its mailbox, its state and the revision of it. The journal is the truth; what is here may be
// dropped at any time while nothing runs (J5, J8).
import type { Message } from "@bufbuild/protobuf";
import { decode, encode } from "../codec/index.ts";
import type { Journal } from "../journal/index.ts";
import { deepFreeze } from "./deep-freeze.ts";
import type { Entity } from "./entity.ts";
import type { EntityMetrics } from "./entity-metrics.ts";
import { Mailbox } from "./mailbox.ts";

/** A state and the revision at which it holds, as the journal's servers up to `incarnation` tell. */
export interface Standing {
  readonly revision: bigint;
  readonly state: Message;
  readonly incarnation: number;
}

export interface LiveEntityOptions {
  readonly entity: Entity;
  readonly entityId: string;
  readonly journal: Journal;
  /** The fingerprint of snapshots that this version of the service can read. */
  readonly fingerprint: string;
  /** Whether states are frozen, so that a handler which changes one fails. */
  readonly freeze: boolean;
  readonly metrics: EntityMetrics;
}

export class LiveEntity {
  readonly entityId: string;
  readonly mailbox: Mailbox = new Mailbox();
  lastUsedMs: number = performance.now();
  readonly #options: LiveEntityOptions;
  #standing: Standing | undefined;

  constructor(options: LiveEntityOptions) {
    this.entityId = options.entityId;
    this.#options = options;
  }

  /** The state at hand. */
  get standing(): Standing | undefined {
    return this.#standing;
  }

  /** The state in the journal: the snapshot, then the events behind it. It is the one at hand from then on. */
  async recover(): Promise<Standing> {
    return (this.#standing = await this.#recover());
  }

  /** Makes a committed state the current one. */
  advance(standing: Standing): void {
    this.#standing = standing;
  }

  /** Drops the state: the journal has moved, or may have. */
  invalidate(): void {
    this.#standing = undefined;
  }

  /** The state before the first event. */
  initialState(): Message {
    return this.#protect(this.#options.entity.initialState());
  }

  /** The state that an event leads to, computed on the side; `revision` is that of a stored one. */
  evolve(state: Message, payload: Uint8Array, revision?: bigint): Message {
    const { entity, entityId } = this.#options;
    const address = revision === undefined ? undefined : { entityId, revision };
    return this.#protect(entity.fold(state, payload, address));
  }

  #protect(state: Message): Message {
    return this.#options.freeze ? deepFreeze(state) : state;
  }

  async #recover(): Promise<Standing> {
    const { entity, entityId, journal, fingerprint, metrics } = this.#options;
    const { incarnation } = journal;
    const startedAtMs = performance.now();
    const recovery = await journal.load({ entityType: entity.name, entityId, fingerprint });
    let state = this.#protect(
      recovery.snapshot ? decode(entity.state, recovery.snapshot.state) : entity.initialState(),
    );
    let revision = recovery.snapshot?.revision ?? 0n;
    for await (const event of recovery.events) {
      state = this.evolve(state, event.payload, event.revision);
      revision = event.revision;
    }
    metrics.recovered(startedAtMs);
    return { state, revision, incarnation };
  }
}

/** The bytes of a state, for a snapshot. */
export function encodeState(entity: Entity, state: Message): Uint8Array {
  return encode(entity.state, state);
}
