// What a command does: the events to persist and the reply to send once they are (J2).
import type { NoExcess } from "./no-excess.ts";

/** Events to persist, and the reply to make from the state that they lead to. */
export class Effect<Event, State, Reply> {
  readonly events: readonly Event[];
  readonly replyWith: (state: State) => Reply;

  constructor(events: readonly Event[], replyWith: (state: State) => Reply) {
    this.events = events;
    this.replyWith = replyWith;
  }
}

/** Events that still lack their reply. */
export interface Persist<Event> {
  readonly events: readonly Event[];

  /** Completes the effect: `makeReply` gets the state after the events, and its reply is sent after the commit. */
  reply<Allowed, State, Reply>(
    this: { readonly events: readonly NoExcess<Event, Allowed>[] },
    makeReply: (state: State) => NoInfer<Reply>,
  ): Effect<Allowed, State, Reply>;
}

/**
 * Says which events a command leads to: `persist({ case: "itemAdded", value: { sku } }).reply((cart) => …)`. Several
 * events are persisted together or not at all; none are, too, when the handler throws.
 */
export function persist<const Event>(...events: readonly Event[]): Persist<Event> {
  return {
    events,
    reply(makeReply) {
      return new Effect(this.events as readonly never[], makeReply);
    },
  };
}
