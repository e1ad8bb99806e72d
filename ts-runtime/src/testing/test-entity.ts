// testEntity: given events, when a command, then events and a reply, or a rejection. No database, no broker, no port.
//
// Invariants:
//   E1. Every run is held to the rules of an entity (fold-event.ts, run-command.ts); none of them can be left out.
//   E2. A story's commands run one at a time, in the order in which they were given (J1).
import type { DescMessage, DescService, MessageShape } from "@bufbuild/protobuf";
import { anonymousPrincipal, type Principal } from "../auth/index.ts";
import { commandIdHeader } from "../client/index.ts";
import { eventOneof, toMessage, type Entity, type EventInit, type EventOf } from "../entity/index.ts";
import { anonymous, type Caller } from "../service/index.ts";
import { createCoverage, type CoverageRecorder, type EntityCoverage } from "./coverage.ts";
import { foldEvent, initialStanding, type Standing } from "./fold-event.ts";
import type { CommandInit, CommandName, Outcome } from "./outcome.ts";
import { runCommand } from "./run-command.ts";
import { requireTimer, timersAfter, type WaitingTimer } from "./story-timers.ts";
import { stubbedClients, type Stub } from "./stub.ts";

export interface TestEntityOptions {
  /** Stand-ins for the services that command handlers call. */
  readonly clients?: readonly Stub[];
  /** The id of the entity under test; it is the key of each request. Default: the entity's name and `-1`. */
  readonly entityId?: string;
}

/** What a handler sees of a call beside its request. */
export interface CommandCircumstances {
  /** Default: none. `commandId("…")` gives the one of a command id; the kit runs each command all the same. */
  readonly headers?: HeadersInit;
  /** The calling service, as its certificate says; by default the caller is anonymous. */
  readonly caller?: Caller;
  /** Who asks. Default: the calling service. */
  readonly principal?: Principal;
  /** Default: one that never aborts. */
  readonly signal?: AbortSignal;
}

/** One entity and where it stands: each command goes on from where the one before left it. */
export interface EntityStory<S extends DescService, State extends DescMessage, Event extends DescMessage> {
  /** Deep-frozen. */
  readonly state: MessageShape<State>;
  readonly revision: bigint;
  /**
   * Sends a command; the request's key is the entity's id.
   * @throws EntityDefect where a handler breaks a rule that all entities have. A rejection is an outcome, no error.
   */
  when<C extends CommandName<S>>(
    this: void,
    command: C,
    request: CommandInit<S, C>,
    circumstances?: CommandCircumstances,
  ): Promise<Outcome<S, State, Event, C>>;
  /** The timers that wait, by name. */
  readonly timers: ReadonlyMap<string, WaitingTimer>;
  /**
   * Fires a timer, whenever it is due: its command runs with `context.timer`, and the timer has ended, whether the
   * command was accepted or rejected.
   * @throws RangeError where no timer of the name waits; EntityDefect as `when`.
   */
  fire(this: void, name: string): Promise<Outcome<S, State, Event, CommandName<S>>>;
}

/** An entity under test. */
export interface EntityTest<S extends DescService, State extends DescMessage, Event extends DescMessage> {
  /**
   * An entity of which these events are stored.
   * @throws EntityDefect where an event does not survive its bytes, or its handler breaks a rule.
   */
  given(this: void, ...events: readonly EventInit<Event>[]): EntityStory<S, State, Event>;
  /** Sends a command to an entity without events: `given().when(…)`. */
  when: EntityStory<S, State, Event>["when"];
  /** What of the entity was run so far, by all stories of this test. */
  coverage(this: void): EntityCoverage<CommandName<S>, EventOf<Event>["case"]>;
}

/**
 * Tests an entity's rules: `await testEntity(cart).given(appleAdded).when("checkout", {})`. Misspelt commands, cases and
 * fields do not compile.
 *
 * All that runs is checked: events, states, requests and replies come back from their bytes as they were; handlers
 * change nothing that they are given; event handlers are pure and do not read the clock; a snapshot leads where its
 * events lead; a command with `NO_SIDE_EFFECTS` persists nothing. What breaks a rule is an `EntityDefect`.
 */
export function testEntity<S extends DescService, State extends DescMessage, Event extends DescMessage>(
  entity: Entity<S, State, Event>,
  options: TestEntityOptions = {},
): EntityTest<S, State, Event> {
  const { entityId = `${entity.name}-1`, clients = [] } = options;
  const coverage = createCoverage(entity);
  const given = (...events: readonly object[]): EntityStory<S, State, Event> =>
    createStory({ entity, entityId, clients, coverage, standing: standingAfter(entity, events, coverage) });
  return {
    given,
    when: (...command) => given().when(...command),
    coverage: () => coverage.report() as EntityCoverage<CommandName<S>, EventOf<Event>["case"]>,
  };
}

/** Where an entity stands after events that are given as plain objects. */
export function standingAfter(
  entity: Entity,
  events: readonly object[],
  coverage?: CoverageRecorder,
): Standing {
  const oneof = eventOneof(entity.event);
  let standing = initialStanding(entity);
  for (const init of events) {
    const event = toMessage(entity.event, { [oneof.localName]: init });
    const folded = foldEvent(entity, standing, event, "what was given");
    coverage?.events(folded.cases);
    standing = folded.standing;
  }
  return standing;
}

interface StoryParts {
  readonly entity: Entity;
  readonly entityId: string;
  readonly clients: readonly Stub[];
  readonly coverage: CoverageRecorder;
  readonly standing: Standing;
}

function createStory<S extends DescService, State extends DescMessage, Event extends DescMessage>(
  parts: StoryParts,
): EntityStory<S, State, Event> {
  const { entity, entityId, coverage } = parts;
  let { standing } = parts;
  let timers: ReadonlyMap<string, WaitingTimer> = new Map();
  let last: Promise<unknown> = Promise.resolve();

  const run = async (
    command: string,
    request: object,
    circumstances: CommandCircumstances & { readonly timer?: { readonly name: string } },
  ): Promise<object> => {
    const clients = stubbedClients(parts.clients);
    const requestHeader = new Headers(circumstances.headers);
    const result = await runCommand({
      entity,
      standing,
      command,
      request,
      clients,
      context: {
        entityId,
        commandId: requestHeader.get(commandIdHeader) ?? undefined,
        timer: circumstances.timer,
        signal: circumstances.signal ?? new AbortController().signal,
        caller: circumstances.caller ?? anonymous,
        principal: circumstances.principal ?? principalOfCaller(circumstances.caller),
        requestHeader,
      },
    });
    coverage.command(command);
    if (result.type === "accepted") {
      coverage.events(result.folded);
      ({ standing } = result);
      timers = timersAfter(result.forgets ? new Map() : timers, result.timers);
    }
    const { state, revision } = standing;
    const { calls } = clients;
    if (result.type === "rejected") return { ...result, state, revision, calls };
    const { type, events, reply } = result;
    return { type, events, reply, timers: result.timers, tells: result.tells, state, revision, calls };
  };
  const fire = async (name: string): Promise<object> => {
    const { command, request } = requireTimer(timers, name);
    timers = timersAfter(timers, [{ type: "cancelled", name }]);
    return run(command, request, { timer: { name }, headers: { [commandIdHeader]: `timer:${name}` } });
  };
  const inTurn = (work: () => Promise<object>): Promise<object> => {
    const outcome = last.then(work);
    last = outcome.catch(() => {});
    return outcome;
  };

  return {
    get state() {
      return standing.state as MessageShape<State>;
    },
    get revision() {
      return standing.revision;
    },
    when<C extends CommandName<S>>(
      command: C,
      request: CommandInit<S, C>,
      circumstances: CommandCircumstances = {},
    ): Promise<Outcome<S, State, Event, C>> {
      return inTurn(() => run(command, request, circumstances)) as Promise<Outcome<S, State, Event, C>>;
    },
    get timers() {
      return timers;
    },
    fire: (name) => inTurn(() => fire(name)) as Promise<Outcome<S, State, Event, CommandName<S>>>,
  };
}

function principalOfCaller(caller: Caller | undefined): Principal {
  if (caller?.type !== "service") return anonymousPrincipal;
  return { type: "service", name: caller.service, spiffeId: caller.spiffeId };
}
