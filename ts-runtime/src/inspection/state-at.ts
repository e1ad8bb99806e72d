// An entity's state at a revision, made beside the live entity (I1).
import { fromBinary, type Message } from "@bufbuild/protobuf";
import { fingerprint, type Entity } from "../entity/index.ts";
import type { JournalView } from "../journal/index.ts";

/** A state that was read from the journal. */
export interface InspectedState {
  /** The last revision that went into it. */
  readonly revision: bigint;
  readonly state: Message;
  /** The revision of the snapshot that it began with; 0 for none. */
  readonly snapshotRevision: bigint;
}

export interface StateQuery {
  readonly entityId: string;
  /** The last revision to take in. Default: the newest. */
  readonly upTo?: bigint;
  /** Ends the work when the caller has gone (I2). */
  readonly signal: AbortSignal;
}

/**
 * Reads a state: the snapshot, where it is not of a later revision, and the events behind it.
 * @throws SAMSPEL_EVENT_UNKNOWN where an event on the way is unknown to this version of the service.
 */
export async function stateAt(
  view: JournalView,
  entity: Entity,
  { entityId, upTo, signal }: StateQuery,
): Promise<InspectedState> {
  const { snapshot, events } = await view.load({
    entityType: entity.name,
    entityId,
    fingerprint: fingerprint(entity),
    ...(upTo === undefined ? {} : { upTo }),
  });
  let state = snapshot ? fromBinary(entity.state, snapshot.state) : entity.initialState();
  let revision = snapshot?.revision ?? 0n;
  for await (const event of events) {
    signal.throwIfAborted();
    state = entity.fold(state, event.payload, { entityId, revision: event.revision });
    revision = event.revision;
  }
  return { revision, state, snapshotRevision: snapshot?.revision ?? 0n };
}
