// The types behind defineEntity: what is missing, misspelt or superfluous does not compile.
import type {
  DescMessage,
  DescMethodUnary,
  DescService,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import type { CommandContext } from "./command-context.ts";
import type { Effect } from "./effect.ts";

/** The unary methods of a service, by their local names: the commands of its entity. */
export type CommandMethods<S extends DescService> = {
  [K in keyof S["method"] as S["method"][K] extends { methodKind: "unary" } ? K : never]: S["method"][K];
};

type OneofKey<M> = {
  [K in keyof M]-?: NonNullable<M[K]> extends { case: string | undefined; value?: unknown } ? K : never;
}[keyof M];

/** An event: one case of the event message's oneof, with its value. */
export type EventOf<E extends DescMessage> = Extract<
  MessageShape<E>[OneofKey<MessageShape<E>>],
  { case: string; value: unknown }
>;

/** The cases of an event message's oneof. */
export type EventCaseOf<E extends DescMessage> = EventOf<E>["case"];

type ValueOf<Event, Case> = Extract<Event, { case: Case }> extends { value: infer Value } ? Value : never;

type InitOf<E extends DescMessage> = MessageInitShape<E>;

/** An event as handlers write it: the case, and the value as a plain object. */
export type EventInit<E extends DescMessage> = Extract<
  InitOf<E>[OneofKey<MessageShape<E>> & keyof InitOf<E>],
  { case: string }
>;

/** An event that a command handler may persist: of a case that has no upcast. */
type NewEventInit<E extends DescMessage, Upcast extends string> = Exclude<EventInit<E>, { case: Upcast }>;

/** What an entity says of its commands: their service, the cases that have an upcast, and whether it can forget. */
interface Rules {
  readonly service: DescService;
  readonly upcast: string;
  readonly forgets: boolean;
}

/**
 * What a command handler may answer: an effect, or the plain reply of a command that changes nothing. An effect may
 * forget where the entity says what remains then.
 */
type CommandResult<M, State extends DescMessage, Event extends DescMessage, R extends Rules> =
  M extends DescMethodUnary<DescMessage, infer O>
    ?
        | Effect<
            NewEventInit<Event, R["upcast"]>,
            MessageShape<State>,
            MessageInitShape<O>,
            CommandMethods<R["service"]>[keyof CommandMethods<R["service"]>],
            R["forgets"]
          >
        | MessageInitShape<O>
    : never;

/** Decides: from the state and a request to events and a reply, or a rejection that it throws. */
type CommandHandler<M, State extends DescMessage, Event extends DescMessage, R extends Rules> =
  M extends DescMethodUnary<infer I>
    ? (
        state: MessageShape<State>,
        request: MessageShape<I>,
        context: CommandContext,
      ) => CommandResult<M, State, Event, R> | Promise<CommandResult<M, State, Event, R>>
    : never;

/** One handler for each unary method. */
export type CommandHandlers<
  S extends DescService,
  State extends DescMessage,
  Event extends DescMessage,
  Upcast extends string,
  Forgets extends boolean = false,
> = {
  readonly [K in keyof CommandMethods<S>]: CommandHandler<
    S["method"][K],
    State,
    Event,
    { readonly service: S; readonly upcast: NoInfer<Upcast>; readonly forgets: Forgets }
  >;
};

/** In place of a handler where there must be none: a type that no function has, whose name the compiler shows. */
interface NoHandler {
  readonly "this case has an upcast: handle what it becomes": never;
}

/**
 * Folds: from the state and an event to the next state; pure, for it runs again at each recovery (J8). One handler for
 * each case that has no upcast. The first part gives the handlers' parameters their types, which the second could not,
 * as it waits for the upcasts.
 */
export type EventHandlers<State extends DescMessage, Event extends DescMessage, Upcast extends string> = {
  readonly [K in EventCaseOf<Event>]?: (
    state: MessageShape<State>,
    event: ValueOf<EventOf<Event>, K>,
  ) => MessageInitShape<State>;
} & { readonly [K in Exclude<EventCaseOf<Event>, NoInfer<Upcast>>]: unknown } & {
  readonly [K in NoInfer<Upcast>]?: NoHandler;
};

/** What an upcast yields; a union over the cases, as that keeps their names from becoming just strings. */
type Upcasted<Event extends DescMessage> = {
  [K in EventCaseOf<Event>]: { readonly case: K; readonly value: ValueOf<EventInit<Event>, K> };
}[EventCaseOf<Event>];

/**
 * Says what a stored event of an old case means today: events of other cases, or none; pure, as an event handler. The
 * compiler learns from the second part which cases have one.
 */
export type Upcasts<Event extends DescMessage, Upcast extends string> = {
  readonly [K in EventCaseOf<Event>]?: (event: ValueOf<EventOf<Event>, K>) => readonly Upcasted<Event>[];
} & { readonly [K in Upcast]: K extends EventCaseOf<Event> ? unknown : never };
