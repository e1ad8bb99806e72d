// checkEntity: every kind of event, folded without a test of its own. It finds the case that nobody thought of.
import type { DescMessage, DescService, Message } from "@bufbuild/protobuf";
import { eventOneof, toMessage, type Entity, type EventInit, type EventOf } from "../entity/index.ts";
import { EntityDefect, type Defect } from "./entity-defect.ts";
import { foldEvent } from "./fold-event.ts";
import { sampleMessage } from "./samples.ts";
import { standingAfter } from "./test-entity.ts";

type ValueOf<Init> = Init extends { readonly value: infer Value } ? Value : never;

export interface CheckEntityOptions<Event extends DescMessage> {
  /** Events that stand before each of those that are tried. Default: none. */
  readonly given?: readonly EventInit<Event>[];
  /** Events to try in place of made ones, where made ones cannot occur. */
  readonly samples?: {
    readonly [K in EventOf<Event>["case"]]?: readonly ValueOf<Extract<EventInit<Event>, { case: K }>>[];
  };
  /** How many events of each case are made. Default 8. */
  readonly count?: number;
}

/**
 * Folds events of each case, made from the descriptor, the same in every run: an empty one, and some with small numbers
 * and short texts, one after the other. All that `testEntity` checks of event handlers is checked.
 * @throws EntityDefect with one defect for each case that throws, returns no state, is not pure, changes what it was
 *   given, or leads to a state that does not come back from its bytes.
 */
export function checkEntity<S extends DescService, State extends DescMessage, Event extends DescMessage>(
  entity: Entity<S, State, Event>,
  options: CheckEntityOptions<Event> = {},
): void {
  const { given = [], count = 8 } = options;
  const samples: Readonly<Record<string, readonly object[] | undefined>> = { ...options.samples };
  const oneof = eventOneof(entity.event);
  const before = standingAfter(entity, given);
  const defects: Defect[] = [];
  for (const field of oneof.fields) {
    if (field.message === undefined) continue;
    const { localName, message: desc } = field;
    const values: readonly object[] =
      samples[localName] ??
      Array.from({ length: count }, (_, number): Message => sampleMessage(desc, number));
    defects.push(
      ...defectsOf(() => {
        let standing = before;
        for (const value of values) {
          const event = toMessage(entity.event, { [oneof.localName]: { case: localName, value } });
          ({ standing } = foldEvent(entity, standing, event, "checkEntity"));
        }
      }),
    );
  }
  if (defects.length > 0) throw new EntityDefect(entity.name, defects);
}

function defectsOf(work: () => void): readonly Defect[] {
  try {
    work();
    return [];
  } catch (error) {
    if (error instanceof EntityDefect) return error.defects;
    throw error;
  }
}
