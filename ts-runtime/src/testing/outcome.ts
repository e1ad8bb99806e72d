// What became of a command, as plain data: compare it with whatever assertions your tests use.
import type {
  DescMessage,
  DescMethodUnary,
  DescService,
  Message,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import type { Code } from "@connectrpc/connect";
import type { CommandMethods, EventOf } from "../entity/index.ts";
import type { TimerOutcome } from "./story-timers.ts";
import type { StubCall } from "./stub.ts";

/** The name of a command of a service's entity. */
export type CommandName<S extends DescService> = keyof CommandMethods<S> & string;

/** The request of a command, as a plain object. */
export type CommandInit<S extends DescService, C extends CommandName<S>> =
  S["method"][C] extends DescMethodUnary<infer I> ? MessageInitShape<I> : never;

type ReplyOf<M> = M extends DescMethodUnary<DescMessage, infer O> ? MessageShape<O> : never;

interface OutcomeBase<State extends DescMessage> {
  /** Where the entity stands now. */
  readonly state: MessageShape<State>;
  readonly revision: bigint;
  /** The unary calls to other services that the handler made. */
  readonly calls: readonly StubCall[];
}

/** The command was handled. */
export interface Accepted<
  S extends DescService,
  State extends DescMessage,
  Event extends DescMessage,
  C extends CommandName<S>,
> extends OutcomeBase<State> {
  readonly type: "accepted";
  /** What was persisted; none where nothing changed. */
  readonly events: readonly EventOf<Event>[];
  readonly reply: ReplyOf<S["method"][C]>;
  /** What it did to timers: what it scheduled and cancelled. */
  readonly timers: readonly TimerOutcome[];
  /** What it told: it leaves once the events are committed. */
  readonly tells: readonly TellOutcome[];
}

/** A tell of an effect. */
export interface TellOutcome {
  /** The full name of the proto service. */
  readonly service: string;
  /** The local name of the method. */
  readonly method: string;
  readonly request: Message;
  /** How long it waits after the commit; left out where it does not. */
  readonly delayMs?: number;
  /** The id that the handler gave it; left out where it is made of the entity and the revision. */
  readonly id?: string;
}

/** The handler said no, or a service that it called did: nothing was persisted. */
export interface Rejected<State extends DescMessage> extends OutcomeBase<State> {
  readonly type: "rejected";
  /** The gRPC code that the caller gets. */
  readonly code: Code;
  readonly message: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** The messages that a `reject` carries for the caller; those of a called service's error are in `error`. */
  readonly details: readonly Message[];
  /** What was thrown. */
  readonly error: Error;
}

/** What became of a command. */
export type Outcome<
  S extends DescService,
  State extends DescMessage,
  Event extends DescMessage,
  C extends CommandName<S>,
> = Accepted<S, State, Event, C> | Rejected<State>;

/** The accepted one of what an outcome can be. */
type AcceptedOf<O> = Extract<O, { readonly type: "accepted" }>;

/** The rejected one of what an outcome can be. */
type RejectedOf<O> = Extract<O, { readonly type: "rejected" }>;

type AnyOutcome =
  | { readonly type: "accepted"; readonly events: readonly { readonly case: string }[] }
  | { readonly type: "rejected"; readonly message: string; readonly error: Error };

/**
 * An outcome that must be accepted: `const { reply } = accepted(await carts.when("getCart", {}))`.
 * @throws Error with the rejection's message and cause where it is not.
 */
export function accepted<O extends AnyOutcome>(outcome: O): AcceptedOf<O> {
  if (outcome.type === "rejected")
    throw new Error(`The command was rejected: ${outcome.message}`, { cause: outcome.error });
  return outcome as AcceptedOf<O>;
}

/**
 * An outcome that must be rejected.
 * @throws Error that names the events where it is not.
 */
export function rejected<O extends AnyOutcome>(outcome: O): RejectedOf<O> {
  if (outcome.type === "accepted") {
    const cases = outcome.events.map((event) => event.case);
    throw new Error(`The command was accepted, with ${cases.length === 0 ? "no events" : cases.join(", ")}`);
  }
  return outcome as RejectedOf<O>;
}
