// One event folded as the runtime does, from its bytes, and held to what an event handler must be.
//
// Invariants:
//   F1. Handlers get frozen messages; what cannot be frozen, bytes, is compared afterwards.
//   F2. A handler runs twice, the second time a day later, and both results are equal (J8).
//   F3. The state comes back from its bytes as it was, and the one that came back folds on to the same state: a
//       recovery from a snapshot and one from the events agree (J5).
import { toBinary, type Message } from "@bufbuild/protobuf";
import { deepFreeze, eventCase, eventOneof, type Entity, type EventCase } from "../entity/index.ts";
import { aDayLater } from "./a-day-later.ts";
import { describe, firstDifference } from "./difference.ts";
import { defect, type Check, type EntityDefect } from "./entity-defect.ts";
import { mutationOf } from "./mutation.ts";
import { survive } from "./survive.ts";

/** Where an entity stands. */
export interface Standing {
  readonly revision: bigint;
  /** Folded from the events; deep-frozen. */
  readonly state: Message;
  /** The same state as a snapshot of it comes back. */
  readonly restored: Message;
  /** What the journal has of it; undefined before the first event. */
  readonly stored: Stored | undefined;
}

/** The bytes of an event, and those before it. */
interface Stored {
  readonly payload: Uint8Array;
  readonly before: Stored | undefined;
}

/** Before the first event. */
export function initialStanding(entity: Entity): Standing {
  const state = deepFreeze(entity.initialState());
  return { revision: 0n, state, restored: state, stored: undefined };
}

export interface Folded {
  readonly standing: Standing;
  /** The event's own case, and those that it means today, whose handlers ran. */
  readonly cases: readonly string[];
}

/**
 * Folds an event, whose message `source` made, such as `command addItem`.
 * @throws EntityDefect that names the handler and what it does.
 */
export function foldEvent(entity: Entity, standing: Standing, event: Message, source: string): Folded {
  const name = eventCase(eventOneof(entity.event), event)?.case ?? "without a case";
  const { bytes } = survive(entity.event, event, {
    entity: entity.name,
    culprit: `event ${name} of ${source}`,
  });
  const folded = foldStored(entity, standing, bytes);
  return { ...folded, cases: [name, ...folded.cases] };
}

function foldStored(entity: Entity, standing: Standing, payload: Uint8Array): Folded {
  const contents = deepFreeze(entity.decodeEvents(payload));
  const { state, restored } = contents.reduce<Pick<Standing, "state" | "restored">>(
    (before, content) => foldContent(entity, before, content),
    standing,
  );
  const stored = { payload, before: standing.stored };
  return {
    standing: { revision: standing.revision + 1n, state, restored, stored },
    cases: contents.map((content) => content.case),
  };
}

/**
 * Where an entity stands once what was before is forgotten: folded from what remains of its events.
 * @throws EntityDefect where an event handler does not bear what remains.
 */
export function foldRemains(entity: Entity, { stored }: Standing): Standing {
  const { remains } = entity;
  const payloads: Uint8Array[] = [];
  for (let event = stored; event !== undefined; event = event.before) payloads.push(event.payload);
  return payloads
    .toReversed()
    .map((payload) => (typeof remains === "function" ? remains(payload) : new Uint8Array()))
    .reduce((standing, payload) => foldStored(entity, standing, payload).standing, initialStanding(entity));
}

function foldContent(
  entity: Entity,
  before: Pick<Standing, "state" | "restored">,
  content: EventCase,
): Pick<Standing, "state" | "restored"> {
  const culprit = `event handler ${content.case}`;
  const refuse = (check: Check, message: string, cause?: unknown): EntityDefect =>
    defect(entity.name, { check, culprit, message }, cause);
  const evolve = (state: Message): Message => {
    try {
      return deepFreeze(entity.evolve(state, content));
    } catch (error) {
      const mutation = mutationOf(error);
      if (mutation !== undefined) throw refuse("immutable", `changes what it was given: ${mutation}`, error);
      throw refuse("handler", `fails: ${String(error)}`, error);
    }
  };

  const given = toBinary(entity.state, before.state);
  const value = structuredClone(content.value);
  const state = evolve(before.state);
  if (Buffer.compare(given, toBinary(entity.state, before.state)) !== 0)
    throw refuse("immutable", "changes the bytes of the state that it was given");
  if (firstDifference(value, content.value) !== undefined)
    throw refuse("immutable", "changes the bytes of the event that it was given");

  const again = firstDifference(
    state,
    aDayLater(() => evolve(before.state)),
  );
  if (again !== undefined) {
    throw refuse(
      "pure",
      `is not pure: of one state and one event it makes two states; ${describe(again, "was", "a day later it is")}`,
    );
  }
  const { restored } = survive(entity.state, state, {
    entity: entity.name,
    culprit: `the state after event ${content.case}`,
  });
  const recovered = firstDifference(state, evolve(before.restored));
  if (recovered !== undefined) {
    throw refuse(
      "snapshot",
      `goes on differently from a snapshot: ${describe(recovered, "is", "after a snapshot it is")}`,
    );
  }
  return { state, restored };
}
