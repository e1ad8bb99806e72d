// defineEntity: from a service, a state, an event and the functions between them to an entity.
import type { DescMessage, DescOneof, DescService, Message } from "@bufbuild/protobuf";
import { invalidConfiguration } from "../errors/index.ts";
import type { CommandContext } from "./command-context.ts";
import { commandsOf } from "./commands.ts";
import { createEventDecoder, type AnyUpcast } from "./decode-events.ts";
import { Effect } from "./effect.ts";
import type { Decision, Entity, EntityCommand } from "./entity.ts";
import { eventOneof, type EventCase } from "./event-oneof.ts";
import { timerChanges } from "./timer-changes.ts";
import { createRemains, type ForgetPolicy } from "./forget.ts";
import { toMessage } from "./to-message.ts";
import type { CommandHandlers, EventHandlers, Upcasts } from "./types.ts";

/** What an entity is made of. */
export interface EntityShape<State extends DescMessage, Event extends DescMessage> {
  /** The entity's type, as it stands in the journal: lower-case letters, digits and `-`. Fixed once events exist. */
  readonly name: string;
  /** The message of the state, the fold of the events. */
  readonly state: State;
  /** The message of the events: one oneof, a case for each kind of event. */
  readonly event: Event;
  /** A snapshot is taken every so many events (J5). Default 100; false for none. */
  readonly snapshotEvery?: number | false;
}

/** How an entity behaves. */
export interface EntityBehaviour<
  S extends DescService,
  State extends DescMessage,
  Event extends DescMessage,
  Upcast extends string = never,
  Parts extends string = "commands" | "events",
> {
  /** Decides: one handler for each unary method of the service. */
  readonly commands: CommandHandlers<S, State, Event, Upcast, "forget" extends Parts ? boolean : false>;
  /** Folds: one handler for each case of the event that has no upcast. */
  readonly events: EventHandlers<State, Event, Upcast>;
  /**
   * What stored events of old cases mean today: `{ priceChanged: ({ cents }) => [{ case: "repriced", value: { price: {
   * cents } } }] }`. Applied whenever one is read, so that nothing else meets such a case: it has no event handler, and
   * is not persisted any more. Default: none.
   */
  readonly upcasts?: Upcasts<Event, Upcast>;
  /**
   * Forgets: for each case that holds personal data, old ones with an upcast too, what remains of such an event when a
   * command forgets with `persist(…).forget()`; `undefined` erases it, and cases without a handler stay as they are.
   * `"everything"` erases every event. Without it no command can forget.
   */
  readonly forget?: ForgetPolicy<Event>;
}

/**
 * The keys that a behaviour has are inferred before its handlers are read, so that these are typed by whether the
 * entity forgets, in whatever order its parts stand. What is no part of a behaviour does not compile.
 */
type OnlyKnownParts<Parts extends string> = {
  readonly [P in Parts]: P extends keyof EntityBehaviour<DescService, DescMessage, DescMessage>
    ? unknown
    : never;
};

const namePattern = /^[a-z][a-z0-9-]{0,62}$/;
const defaultSnapshotEvery = 100;

/**
 * Defines an event-sourced entity: one handler for each unary method of its service, one for each kind of event.
 * What is missing, misspelt or superfluous does not compile.
 * @throws SAMSPEL_INVALID_CONFIGURATION where the proto files do not fit: a request without a key, a streaming
 *   method, an event message that is not one oneof.
 */
export function defineEntity<
  S extends DescService,
  State extends DescMessage,
  Event extends DescMessage,
  Parts extends string,
  Upcast extends string = never,
>(
  service: S,
  shape: EntityShape<State, Event>,
  behaviour: EntityBehaviour<S, State, Event, Upcast, Parts> & OnlyKnownParts<Parts>,
): Entity<S, State, Event, Upcast> {
  const { name, state, event, snapshotEvery = defaultSnapshotEvery } = shape;
  if (!namePattern.test(name)) {
    throw invalidConfiguration(
      `Entity name must be lower-case letters, digits and "-", at most 63: current value is "${name}"`,
    );
  }
  if (snapshotEvery !== false && !(Number.isInteger(snapshotEvery) && snapshotEvery > 0)) {
    throw invalidConfiguration(
      `snapshotEvery of entity ${name} must be a positive integer or false: current value is ${snapshotEvery}`,
    );
  }
  const oneof = eventOneof(event);
  const commands = commandsOf(name, service);
  const decide = behaviour.commands as unknown as Record<string, (...args: unknown[]) => unknown>;
  const evolve = behaviour.events as unknown as Record<string, (state: Message, event: Message) => object>;
  requireHandlers(`command handler of entity ${name}`, [...commands.keys()], decide);
  const upcasts = new Map<string, AnyUpcast>(Object.entries(behaviour.upcasts ?? {}));
  requireUpcasts(name, oneof, upcasts);
  requireHandlers(
    `event handler of entity ${name}`,
    oneof.fields.map((field) => field.localName).filter((kind) => !upcasts.has(kind)),
    evolve,
  );
  const remains = createRemains(name, oneof, behaviour.forget);

  const evolveOne = (current: Message, { case: kind, value }: EventCase): Message => {
    const next = evolve[kind]?.(current, value);
    if (typeof next !== "object" || next === null)
      throw new TypeError(`Event handler ${kind} of entity ${name} must return the next state`);
    return toMessage(state, next);
  };
  const decodeEvents = createEventDecoder({ name, event, oneof, upcasts });

  const decisionOf = (command: string, result: unknown, { entityId }: CommandContext): Decision => {
    const { method, readOnly } = commandOf(commands, command);
    if (!(result instanceof Effect))
      return {
        events: [],
        timers: [],
        tells: [],
        forgets: false,
        reply: () => toMessage(method.output, replyOf(name, command, result)),
      };
    if (readOnly && result.events.length > 0) {
      throw new TypeError(
        `Command ${command} of entity ${name} is NO_SIDE_EFFECTS, and so must not persist events`,
      );
    }
    if (readOnly && result.timers.length > 0) {
      throw new TypeError(
        `Command ${command} of entity ${name} is NO_SIDE_EFFECTS, and so must not schedule or cancel timers`,
      );
    }
    if (readOnly && result.tells.length > 0) {
      throw new TypeError(`Command ${command} of entity ${name} is NO_SIDE_EFFECTS, and so must not tell`);
    }
    if (result.forgets)
      requireForget(name, command, { remains, events: result.events, timers: result.timers });
    return {
      forgets: result.forgets,
      events: result.events.map((init: unknown) => {
        refuseUpcast(`Command ${command} of entity ${name}`, upcasts, init);
        return toMessage(event, { [oneof.localName]: init });
      }),
      tells: result.tells,
      timers: timerChanges({ name, service, commands }, entityId, result.timers),
      reply: (next) => toMessage(method.output, replyOf(name, command, result.replyWith(next))),
    };
  };

  return {
    name,
    service,
    state,
    event,
    snapshotEvery,
    commands,
    upcasts: new Set(upcasts.keys()),
    isUpcast: (kind) => upcasts.has(kind),
    initialState: () => toMessage(state, {}),
    decide(command, current, request, context) {
      const result = decide[command]?.(current, request, context);
      return isThenable(result)
        ? Promise.resolve(result).then((result) => decisionOf(command, result, context))
        : decisionOf(command, result, context);
    },
    evolve: evolveOne,
    decodeEvents,
    remains,
    fold: (current, payload, address) => decodeEvents(payload, address).reduce(evolveOne, current),
  };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function commandOf(commands: ReadonlyMap<string, EntityCommand>, name: string): EntityCommand {
  const command = commands.get(name);
  if (command === undefined)
    throw new RangeError(`No command "${name}": there are ${[...commands.keys()].join(", ")}`);
  return command;
}

/** For callers without types: the compiler has already said so to all others. */
function requireHandlers(
  what: string,
  names: readonly string[],
  handlers: Readonly<Record<string, unknown>>,
): void {
  const missing = names.filter((name) => typeof handlers[name] !== "function");
  if (missing.length > 0) throw invalidConfiguration(`Missing ${what}: ${missing.join(", ")}`);
  const unknown = Object.keys(handlers).filter((name) => !names.includes(name));
  if (unknown.length > 0)
    throw invalidConfiguration(`Unknown ${what}: ${unknown.join(", ")}; there are ${names.join(", ")}`);
}

/** For callers without types, too. */
function requireUpcasts(name: string, oneof: DescOneof, upcasts: ReadonlyMap<string, unknown>): void {
  const cases = oneof.fields.map((field) => field.localName);
  for (const [kind, upcast] of upcasts) {
    if (!cases.includes(kind))
      throw invalidConfiguration(`Unknown upcast of entity ${name}: ${kind}; there are ${cases.join(", ")}`);
    if (typeof upcast !== "function")
      throw invalidConfiguration(
        `Upcast ${kind} of entity ${name} must be a function: it is ${typeof upcast}`,
      );
  }
}

function refuseUpcast(who: string, upcasts: ReadonlyMap<string, unknown>, init: unknown): void {
  if (upcasts.size === 0 || typeof init !== "object" || init === null || !("case" in init)) return;
  if (typeof init.case !== "string" || !upcasts.has(init.case)) return;
  throw new TypeError(`${who} must not persist ${init.case}, as it has an upcast: persist what it becomes`);
}

interface Forgetting {
  readonly remains: unknown;
  readonly events: readonly unknown[];
  readonly timers: readonly unknown[];
}

/** An entity that forgets says what remains, and the journal that it did: its event is what readers see of it. */
function requireForget(name: string, command: string, { remains, events, timers }: Forgetting): void {
  if (remains === undefined) {
    throw new TypeError(
      `Command ${command} of entity ${name} must not forget, as the entity does not say what remains: give it \`forget\``,
    );
  }
  if (events.length === 0) {
    throw new TypeError(
      `Command ${command} of entity ${name} must persist an event to forget: readers learn of it by that event`,
    );
  }
  if (timers.length > 0) {
    throw new TypeError(
      `Command ${command} of entity ${name} must not change timers, as it forgets: all timers are cancelled`,
    );
  }
}

function replyOf(entity: string, command: string, reply: unknown): object {
  if (typeof reply === "object" && reply !== null) return reply;
  throw new TypeError(
    `Command handler ${command} of entity ${entity} must return a reply or an effect with one`,
  );
}
