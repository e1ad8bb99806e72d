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

type InitOf<E extends DescMessage> = MessageInitShape<E>;

/** An event as a command handler writes it: the case, and the value as a plain object. */
export type EventInit<E extends DescMessage> = Extract<
  InitOf<E>[OneofKey<MessageShape<E>> & keyof InitOf<E>],
  { case: string }
>;

/** What a command handler may answer: an effect, or the plain reply of a command that changes nothing. */
type CommandResult<M, State extends DescMessage, Event extends DescMessage> =
  M extends DescMethodUnary<DescMessage, infer O>
    ? Effect<EventInit<Event>, MessageShape<State>, MessageInitShape<O>> | MessageInitShape<O>
    : never;

/** Decides: from the state and a request to events and a reply, or a rejection that it throws. */
type CommandHandler<M, State extends DescMessage, Event extends DescMessage> =
  M extends DescMethodUnary<infer I>
    ? (
        state: MessageShape<State>,
        request: MessageShape<I>,
        context: CommandContext,
      ) => CommandResult<M, State, Event> | Promise<CommandResult<M, State, Event>>
    : never;

/** One handler for each unary method. */
export type CommandHandlers<S extends DescService, State extends DescMessage, Event extends DescMessage> = {
  readonly [K in keyof CommandMethods<S>]: CommandHandler<S["method"][K], State, Event>;
};

/** Folds: from the state and an event to the next state; pure, for it runs again at each recovery (J8). */
export type EventHandlers<State extends DescMessage, Event extends DescMessage> = {
  readonly [K in EventOf<Event>["case"]]: (
    state: MessageShape<State>,
    event: Extract<EventOf<Event>, { case: K }>["value"],
  ) => MessageInitShape<State>;
};
