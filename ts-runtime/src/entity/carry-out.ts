// What a command decided becomes fact: its events, timers, tells, record and snapshot in one append (J2), or, where it
// forgets, in one rewriting.
import type { Message } from "@bufbuild/protobuf";
import { decode, encode } from "../codec/index.ts";
import { invalidConfiguration, SamspelError } from "../errors/index.ts";
import { requestHeaderOf } from "../grpc/index.ts";
import type { Append, AppendResult } from "../journal/index.ts";
import { activeTrace, eventTrace } from "../telemetry/index.ts";
import type { CommandEnvironment, CommandRequest } from "./command-request.ts";
import type { Decision, Entity, EntityCommand } from "./entity.ts";
import { forgetPast } from "./forget-past.ts";
import { encodeState, type Standing } from "./live-entity.ts";
import { tellMessages } from "./tell-intent.ts";

/** One attempt at a command, from one state. */
export interface Attempt {
  readonly environment: CommandEnvironment;
  readonly request: CommandRequest;
  readonly command: EntityCommand;
  readonly standing: Standing;
}

export type Outcome =
  /** `revision` is the entity's, as the reply saw it. */
  | { readonly type: "reply"; readonly reply: Message; readonly revision: bigint }
  /** Another process was faster: the entity is at `actual`. */
  | { readonly type: "stale"; readonly actual: bigint };

/** Appends what was decided, and makes the state current that it leads to. */
export function carryOut(attempt: Attempt, decision: Decision): Promise<Outcome> {
  return decision.forgets ? forget(attempt, decision) : append(attempt, decision);
}

function append(attempt: Attempt, decision: Decision): Promise<Outcome> {
  const { environment, standing, command } = attempt;
  const { entity, journal, live } = environment;
  const { entityId, commandId, firedBy } = attempt.request;
  const { incarnation } = journal;
  const payloads = decision.events.map((event) => encode(entity.event, event));
  const revision = standing.revision + BigInt(payloads.length);
  const state = payloads.reduce((state, payload) => live.evolve(state, payload), standing.state);
  const reply = decision.reply(state);
  const appending = journal.append({
    entityType: entity.name,
    entityId,
    expectedRevision: standing.revision,
    incarnation: standing.incarnation,
    events: payloads.map((payload) => ({ payload })),
    metadata: payloads.length === 0 ? undefined : traceOf(attempt.request),
    command:
      commandId === undefined ? undefined : { id: commandId, reply: encode(command.method.output, reply) },
    timers: decision.timers.length === 0 ? undefined : decision.timers,
    tells: decision.tells.length === 0 ? undefined : tellsOf(attempt, decision),
    fires: firedBy,
    snapshot: snapshotDue(entity, standing.revision, revision) ? snapshotOf(environment, state) : undefined,
  });
  return appending.then(
    (result) => {
      if (result.type !== "appended") return notAppended(attempt, result);
      live.advance({ state, revision, incarnation });
      tellSchedules(environment, decision);
      return { type: "reply", reply, revision };
    },
    (error: unknown) => {
      live.invalidate();
      throw error;
    },
  );
}

/** Most calls are in no trace: their headers are not made for that. */
function traceOf(request: CommandRequest): ReturnType<typeof eventTrace> {
  const { call = request } = request;
  const isTraced = activeTrace() !== undefined || requestHeaderOf(call, "traceparent") !== undefined;
  return isTraced ? eventTrace(request.requestHeader) : undefined;
}

/** @throws SAMSPEL_INVALID_CONFIGURATION where nobody would send them on. */
function tellsOf({ environment, request, standing }: Attempt, decision: Decision): Append["tells"] {
  const { entity, source } = environment;
  const { command, entityId, commandId, requestHeader } = request;
  if (source === undefined) {
    throw invalidConfiguration(
      `NATS_URL is not set, but command ${command} of entity ${entity.name} tells: set it to nats://host:port`,
    );
  }
  const { events, tells } = decision;
  return tellMessages(
    {
      source,
      entityType: entity.name,
      entityId,
      revision: standing.revision + BigInt(events.length),
      moves: events.length > 0,
      commandId,
      requestHeader,
    },
    tells,
  );
}

async function forget(attempt: Attempt, decision: Decision): Promise<Outcome> {
  const { environment, request, command, standing } = attempt;
  const { commandId, firedBy } = request;
  const { revision } = standing;
  const tells = decision.tells.length === 0 ? undefined : tellsOf(attempt, decision);
  const metadata = decision.events.length === 0 ? undefined : traceOf(request);
  const result = await forgetPast({
    ...environment,
    command,
    commandId,
    firedBy,
    decision,
    revision,
    tells,
    metadata,
  });
  if (result.type !== "forgotten") return notAppended(attempt, result);
  return { type: "reply", reply: result.reply, revision: result.revision };
}

function notAppended(
  { environment, request, command }: Attempt,
  result: Exclude<AppendResult, { readonly type: "appended" }>,
): Outcome {
  switch (result.type) {
    case "duplicate":
      environment.live.invalidate();
      return {
        type: "reply",
        reply: decode(command.method.output, result.reply),
        revision: result.revision,
      };
    case "conflict":
      return { type: "stale", actual: result.actual };
    case "gone":
      environment.live.invalidate();
      throw timerGone(environment, request);
  }
}

function tellSchedules({ onSchedule }: CommandEnvironment, { timers }: Decision): void {
  if (onSchedule === undefined) return;
  for (const change of timers) if (change.type === "schedule") onSchedule(change.due);
}

/** A snapshot is taken when a multiple of `snapshotEvery` is reached or passed, behind the whole batch (J5). */
function snapshotDue({ snapshotEvery }: Entity, before: bigint, after: bigint): boolean {
  if (snapshotEvery === false) return false;
  return Math.floor(Number(before) / snapshotEvery) !== Math.floor(Number(after) / snapshotEvery);
}

/** A state that does not encode can do without its snapshot: the events are the truth, and the next one may succeed. */
function snapshotOf(
  { entity, live, fingerprint, logger }: CommandEnvironment,
  state: Message,
): Append["snapshot"] {
  try {
    return { state: encodeState(entity, state), fingerprint };
  } catch (error) {
    logger?.warn(
      { err: error, entityType: entity.name, entityId: live.entityId },
      "no snapshot: the state does not encode",
    );
    return undefined;
  }
}

function timerGone({ entity }: CommandEnvironment, { entityId, firedBy }: CommandRequest): SamspelError {
  return new SamspelError(
    "SAMSPEL_TIMER_GONE",
    `Timer "${firedBy?.name}" of ${entity.name} "${entityId}" was cancelled, replaced or fired meanwhile`,
  );
}
