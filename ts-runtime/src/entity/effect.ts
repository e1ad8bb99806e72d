// What a command does: the events to persist, the timers to schedule and cancel and the tells to send with them, and the
// reply to send once they are (J2).
import type { DescMethodUnary, MessageInitShape } from "@bufbuild/protobuf";
import type { NoExcess } from "./no-excess.ts";
import { tellIntent, type NewTell, type TellIntent } from "./tell-intent.ts";
import { cancelTimer, scheduleTimer, type NewTimer, type TimerIntent } from "./timer-intent.ts";

/** Events to persist, timers to change, tells to send, and the reply to make from the state that the events lead to. */
export class Effect<Event, State, Reply, Command = never, Forgets extends boolean = false> {
  readonly events: readonly Event[];
  readonly timers: readonly TimerIntent<Command>[];
  readonly tells: readonly TellIntent[];
  readonly replyWith: (state: State) => Reply;
  /** Whether what was before the events is forgotten. */
  readonly forgets: Forgets;

  constructor(
    events: readonly Event[],
    replyWith: (state: State) => Reply,
    timers: readonly TimerIntent<Command>[],
    forgets: Forgets,
    tells: readonly TellIntent[] = [],
  ) {
    this.events = events;
    this.timers = timers;
    this.tells = tells;
    this.replyWith = replyWith;
    this.forgets = forgets;
  }
}

interface EffectParts<Event, Command, Forgets extends boolean> {
  readonly events: readonly Event[];
  readonly timers: readonly TimerIntent<Command>[];
  readonly tells: readonly TellIntent[];
  readonly forgets: Forgets;
}

/** Events that still lack their reply. */
export interface Persist<Event, Command = never, Forgets extends boolean = false> extends EffectParts<
  Event,
  Command,
  Forgets
> {
  /**
   * Tells a method of any service, in the transaction of the events: it is stored once they are committed, and reaches
   * the method's handler after that, even if its service is down now; once in effect. Tells of one key arrive in order,
   * unless they are delayed. Where the database is there but JetStream is not, they wait.
   * @throws TypeError for a method that may not be told, and for a request with a field that the method lacks;
   *   RangeError for a delay or an id out of its bounds.
   */
  tell<Told extends DescMethodUnary>(
    method: Told,
    request: MessageInitShape<Told["input"]>,
    options?: NewTell,
  ): Persist<Event, Command, Forgets>;

  /**
   * Schedules a command for this entity, in the transaction of the events: it runs at its time, once in effect. A name
   * is that of one timer of the entity, so a timer that has it is replaced.
   * @throws TypeError for a timer of another shape, RangeError for a name or a time out of its bounds.
   */
  schedule<Later extends DescMethodUnary>(
    name: string,
    timer: NewTimer<Later>,
  ): Persist<Event, Command | Later, Forgets>;

  /** Cancels a timer, in the transaction of the events: from then on it has no effect. One that is not there is nothing. */
  cancel(name: string): Persist<Event, Command, Forgets>;

  /**
   * Forgets what was before, in the same transaction: of each earlier event remains what `forget` of the entity says.
   * Snapshot, timers and recorded replies go, too. The reply is made from the state that is left. None of it can be
   * undone. It does not go together with `schedule` and `cancel`.
   */
  forget(): Persist<Event, Command, true>;

  /** Completes the effect: `makeReply` gets the state after the events, and its reply is sent after the commit. */
  reply<Allowed, State, Reply>(
    this: { readonly events: readonly NoExcess<Event, Allowed>[] },
    makeReply: (state: State) => NoInfer<Reply>,
  ): Effect<Allowed, State, Reply, Command, Forgets>;
}

/**
 * Says which events a command leads to: `persist({ case: "itemAdded", value: { sku } }).reply((cart) => …)`. Several
 * events are persisted together or not at all; none are, too, when the handler throws.
 */
export function persist<const Event = never>(...events: readonly Event[]): Persist<Event> {
  return new Persisting({ events, timers: [], tells: [], forgets: false });
}

class Persisting<Event, Command, Forgets extends boolean> implements Persist<Event, Command, Forgets> {
  readonly events: readonly Event[];
  readonly timers: readonly TimerIntent<Command>[];
  readonly tells: readonly TellIntent[];
  readonly forgets: Forgets;
  readonly #parts: EffectParts<Event, Command, Forgets>;

  constructor(parts: EffectParts<Event, Command, Forgets>) {
    this.#parts = parts;
    this.events = parts.events;
    this.timers = parts.timers;
    this.tells = parts.tells;
    this.forgets = parts.forgets;
  }

  schedule<Later extends DescMethodUnary>(
    name: string,
    timer: NewTimer<Later>,
  ): Persist<Event, Command | Later, Forgets> {
    return new Persisting({ ...this.#parts, timers: joined(this.timers, scheduleTimer(name, timer)) });
  }

  cancel(name: string): Persist<Event, Command, Forgets> {
    return new Persisting({ ...this.#parts, timers: joined(this.timers, cancelTimer(name)) });
  }

  tell<Told extends DescMethodUnary>(
    method: Told,
    request: MessageInitShape<Told["input"]>,
    options: NewTell = {},
  ): Persist<Event, Command, Forgets> {
    return new Persisting({ ...this.#parts, tells: [...this.tells, tellIntent(method, request, options)] });
  }

  forget(): Persist<Event, Command, true> {
    return new Persisting({ ...this.#parts, forgets: true });
  }

  reply<Allowed, State, Reply>(
    makeReply: (state: State) => NoInfer<Reply>,
  ): Effect<Allowed, State, Reply, Command, Forgets> {
    return new Effect(this.events as readonly never[], makeReply, this.timers, this.forgets, this.tells);
  }
}

function joined<One, Other>(
  timers: readonly TimerIntent<One>[],
  timer: TimerIntent<Other>,
): readonly TimerIntent<One | Other>[] {
  return [...timers, timer];
}
