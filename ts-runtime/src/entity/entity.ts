// What an entity is to the rest of the runtime, once defined.
import type { DescField, DescMessage, DescMethodUnary, DescService, Message } from "@bufbuild/protobuf";
import type { TimerChange } from "../journal/index.ts";
import type { CommandContext } from "./command-context.ts";
import type { EventCase } from "./event-oneof.ts";
import type { Remains } from "./forget.ts";
import type { TellIntent } from "./tell-intent.ts";

/** A unary method of an entity's service, as a command. */
export interface EntityCommand {
  readonly method: DescMethodUnary;
  /** The field of the request that holds the entity's id. */
  readonly key: DescField;
  /** Whether the method promises to change nothing. */
  readonly readOnly: boolean;
}

/** What a command handler decided, in messages. */
export interface Decision {
  readonly events: readonly Message[];
  /** Timers to schedule and to cancel, at most one change of a name. */
  readonly timers: readonly TimerChange[];
  readonly tells: readonly TellIntent[];
  /** Whether what was before the events is forgotten. */
  readonly forgets: boolean;
  /** The reply, from the state that the events lead to. */
  reply(state: Message): Message;
}

/** Where an event stands in the journal, for who has to say that it cannot be read. */
export interface EventAddress {
  readonly entityId: string;
  readonly revision: bigint;
}

/**
 * An event-sourced entity: give it to `startService`, `publish` and `project`. `Upcast` are the cases of its event that
 * are upcast: nothing handles them.
 */
export interface Entity<
  S extends DescService = DescService,
  State extends DescMessage = DescMessage,
  Event extends DescMessage = DescMessage,
  Upcast extends string = never,
> {
  readonly name: string;
  readonly service: S;
  readonly state: State;
  readonly event: Event;
  readonly snapshotEvery: number | false;
  /** By the local names of the methods. */
  readonly commands: ReadonlyMap<string, EntityCommand>;
  /** The cases that are upcast, by local name. */
  readonly upcasts: ReadonlySet<string>;
  /** Whether a case is upcast. */
  isUpcast(kind: Upcast): boolean;
  /** The state before the first event. */
  initialState(): Message;
  /** Runs a command handler; at once where it does not wait. Rejections pass through as it threw them. */
  decide(
    command: string,
    state: Message,
    request: Message,
    context: CommandContext,
  ): Decision | Promise<Decision>;
  /** The next state; the one given is left as it is (J8). */
  evolve(state: Message, event: EventCase): Message;
  /**
   * Reads a stored event as what it means today: usually one event, none where it was erased, and what its upcast
   * yields where it has one. `address` is for the error.
   * @throws SAMSPEL_EVENT_UNKNOWN for a case that this version of the service does not know.
   * @throws SAMSPEL_JOURNAL_CORRUPT for bytes that are no event.
   */
  decodeEvents(payload: Uint8Array, address?: EventAddress): readonly EventCase[];
  /** What forgetting leaves of a stored event; undefined where the entity does not forget. */
  readonly remains: Remains | undefined;
  /** The state after a stored event: `evolve` over what it means today. */
  fold(state: Message, payload: Uint8Array, address?: EventAddress): Message;
}
