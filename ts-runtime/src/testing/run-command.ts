// One command, run as the runtime does, without its infra, and held to what a command handler must be.
//
// Invariants:
//   R1. The request comes through its bytes, as from the wire, and is frozen like the state (J8).
//   R2. A command that throws leaves the entity where it stood, also where its reply throws after its events (J2).
//   R3. What a handler throws beside rejections is a defect: its caller would get `Internal` and no word (C5).
//   R4. A reply is made from the state after the events, and comes back from its bytes as it was.
import { toBinary, type Message } from "@bufbuild/protobuf";
import { ConnectError, type Code } from "@connectrpc/connect";
import { keyOf } from "../descriptor/index.ts";
import {
  eventCase,
  eventOneof,
  toMessage,
  type CommandContext,
  type Entity,
  type EventCase,
} from "../entity/index.ts";
import { isExpected, SamspelError } from "../errors/index.ts";
import { firstDifference } from "./difference.ts";
import { defect, EntityDefect, type Check } from "./entity-defect.ts";
import { foldEvent, foldRemains, type Standing } from "./fold-event.ts";
import { mutationOf } from "./mutation.ts";
import { timerOutcomes, type TimerOutcome } from "./story-timers.ts";
import type { TellOutcome } from "./outcome.ts";
import type { StubbedClients } from "./stub.ts";
import { survive } from "./survive.ts";

type DecidedTell = Awaited<ReturnType<Entity["decide"]>>["tells"][number];

/** A command on its way to a handler. */
export interface RunCommand {
  readonly entity: Entity;
  readonly standing: Standing;
  readonly command: string;
  readonly request: object;
  readonly context: Omit<CommandContext, "revision" | "client">;
  readonly clients: StubbedClients;
}

/** What became of it, in messages. */
export type CommandResult =
  | {
      readonly type: "accepted";
      readonly standing: Standing;
      readonly events: readonly EventCase[];
      /** The cases that were folded. */
      readonly folded: readonly string[];
      readonly reply: Message;
      readonly timers: readonly TimerOutcome[];
      readonly tells: readonly TellOutcome[];
      /** Whether the past was forgotten, and all timers with it. */
      readonly forgets: boolean;
    }
  | {
      readonly type: "rejected";
      readonly code: Code;
      readonly message: string;
      readonly metadata: Readonly<Record<string, string>>;
      readonly details: readonly Message[];
      readonly error: Error;
    };

/**
 * Runs a command.
 * @throws EntityDefect where a handler breaks a rule; RangeError for a command that the entity lacks.
 */
export async function runCommand(run: RunCommand): Promise<CommandResult> {
  const { entity } = run;
  const culprit = `command handler ${run.command}`;
  const request = requestOf(run);
  const state = toBinary(entity.state, run.standing.state);
  const before = structuredClone(request);
  try {
    const result = await decideAndFold(run, request);
    requireStubs(run, culprit);
    if (
      firstDifference(before, request) !== undefined ||
      !isSame(state, toBinary(entity.state, run.standing.state))
    )
      throw defect(entity.name, { check: "immutable", culprit, message: "changes bytes that it was given" });
    return result;
  } catch (error) {
    if (error instanceof EntityDefect) throw error;
    requireStubs(run, culprit);
    if (isExpected(error)) return rejection(run, error);
    const mutation = mutationOf(error);
    const [check, message]: [Check, string] =
      mutation === undefined
        ? ["handler", `fails: ${String(error)}`]
        : ["immutable", `changes what it was given: ${mutation}`];
    throw defect(entity.name, { check, culprit, message }, error);
  }
}

/** Also where the handler caught what a missing stub threw. */
function requireStubs({ entity, clients }: RunCommand, culprit: string): void {
  if (clients.missing === undefined) return;
  throw defect(entity.name, {
    check: "stub",
    culprit,
    message: `calls ${clients.missing}, for which there is no stub: give one in \`clients\` of testEntity, with that method`,
  });
}

async function decideAndFold(run: RunCommand, request: Message): Promise<CommandResult> {
  const { entity, command, standing, clients, context } = run;
  const decision = await entity.decide(command, standing.state, request, {
    ...context,
    revision: standing.revision,
    client: clients.client,
  });
  const oneof = eventOneof(entity.event);
  const events: EventCase[] = [];
  const folded: string[] = [];
  let next = decision.forgets ? foldRemains(entity, standing) : standing;
  for (const event of decision.events) {
    const content = eventCase(oneof, event);
    if (content !== undefined) events.push(content);
    const step = foldEvent(entity, next, event, `command ${command}`);
    folded.push(...step.cases);
    next = step.standing;
  }
  const reply = decision.reply(next.state);
  const output = entity.commands.get(command)?.method.output;
  if (output !== undefined)
    survive(output, reply, { entity: entity.name, culprit: `the reply of command ${command}` });
  const timers = timerOutcomes(entity, decision.timers);
  const tells = decision.tells.map((tell) => tellOutcome(entity, command, tell));
  return {
    type: "accepted",
    standing: next,
    events,
    folded,
    reply,
    timers,
    tells,
    forgets: decision.forgets,
  };
}

/** What was told, with its request as it comes out of its bytes. */
function tellOutcome(
  entity: Entity,
  command: string,
  { to, request, delayMs, id }: DecidedTell,
): TellOutcome {
  const { method } = to;
  const culprit = `a tell of command ${command}`;
  return {
    service: method.parent.typeName,
    method: method.localName,
    request: survive(method.input, request, { entity: entity.name, culprit }).restored,
    ...(delayMs === undefined ? {} : { delayMs }),
    ...(id === undefined ? {} : { id }),
  };
}

/** The request as it comes from the wire, its key filled in. */
function requestOf({ entity, command, request, context: { entityId } }: RunCommand): Message {
  const known = entity.commands.get(command);
  if (known === undefined) {
    throw new RangeError(
      `Entity ${entity.name} has no command "${command}": there are ${[...entity.commands.keys()].join(", ")}`,
    );
  }
  const { method, key } = known;
  const given = toMessage(method.input, request);
  const id = keyOf(key, given);
  if (id !== "" && id !== entityId) {
    throw new RangeError(
      `Cannot send ${command} to entity "${entityId}" as its ${key.name} is "${id}": leave ${key.name} out, or set entityId of testEntity`,
    );
  }
  const whole = toMessage(method.input, { ...request, [key.localName]: entityId });
  return survive(method.input, whole, { entity: entity.name, culprit: `the request of command ${command}` })
    .restored;
}

function rejection(
  { entity, command }: RunCommand,
  error: unknown,
): Extract<CommandResult, { readonly type: "rejected" }> {
  if (!(error instanceof SamspelError)) {
    const failure = ConnectError.from(error);
    const { code, rawMessage: message } = failure;
    return { type: "rejected", code, message, metadata: {}, details: [], error: failure };
  }
  const culprit = `a detail of the rejection of command ${command}`;
  const { grpc, message, metadata } = error;
  const details = error.details.map(
    ({ desc, value }) => survive(desc, value, { entity: entity.name, culprit }).restored,
  );
  return { type: "rejected", code: grpc, message, metadata, details, error };
}

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}
