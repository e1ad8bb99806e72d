// One command from the mailbox to its reply.
//
// Invariants:
//   H1. A reply or a rejection leaves only when the state that it rests on is known to be current: after the append
//       of its events, or, where there are none, after a look at the revision in the journal (J1, J2).
//   H2. State becomes current only after the commit (J8). When the outcome of an append is not known, the state is
//       dropped and read again.
//   H3. A command whose id is recorded gets the recorded reply and adds no event (J3), whatever its handler says now.
//   H4. A handler that outlives its command is left alone, and nothing that it decides counts: the entity goes on.
import { fromBinary, toBinary, type Message } from "@bufbuild/protobuf";
import { SamspelError } from "../errors/index.ts";
import type { Append, FiredTimer, Journal, TimerDue } from "../journal/index.ts";
import { backoff } from "../resilience/index.ts";
import { untilAborted } from "../service/index.ts";
import type { Logger } from "../telemetry/index.ts";
import type { CommandContext } from "./command-context.ts";
import type { Decision, Entity, EntityCommand } from "./entity.ts";
import { forgetPast } from "./forget-past.ts";
import { encodeState, type LiveEntity, type Standing } from "./live-entity.ts";

/** A command on its way to an entity. */
export interface CommandRequest extends Omit<CommandContext, "revision" | "timer"> {
  /** The local name of the method. */
  readonly command: string;
  readonly request: Message;
  /** The timer that fires this command, and ends with it. */
  readonly firedBy?: FiredTimer;
}

export interface CommandEnvironment {
  readonly entity: Entity;
  readonly journal: Journal;
  readonly live: LiveEntity;
  readonly fingerprint: string;
  readonly logger: Logger | undefined;
  /** Is told of each timer that was scheduled, after the commit. */
  readonly onSchedule: ((due: TimerDue) => void) | undefined;
}

/** A conflict needs another writer in between each time, so more than a few in a row mean a fight over one entity. */
const maxAttempts = 10;

type Outcome =
  | { readonly type: "reply"; readonly reply: Message }
  | { readonly type: "stale"; readonly actual: bigint };

/**
 * Handles a command, again from a fresh state whenever another process was faster (J1).
 * @throws What the handler rejected with; SAMSPEL_REVISION_CONFLICT after ten conflicts in a row;
 *   SAMSPEL_DEADLINE_EXCEEDED when the caller has gone before anything was appended; SAMSPEL_TIMER_GONE when the timer
 *   that fires it does not stand any more.
 */
export async function handleCommand(
  environment: CommandEnvironment,
  request: CommandRequest,
): Promise<Message> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await attemptCommand(environment, request);
    if (outcome.type === "reply") return outcome.reply;
    environment.live.invalidate();
    if (attempt === maxAttempts) throw conflict(environment, request, outcome.actual);
    await backoff(attempt, request.signal, { initialMs: 2, maxMs: 50 });
  }
}

async function attemptCommand(environment: CommandEnvironment, request: CommandRequest): Promise<Outcome> {
  requireCaller(request);
  const { entity, live } = environment;
  const standing = live.standing ?? (await live.recover());
  const command = entity.commands.get(request.command);
  if (command === undefined) throw new RangeError(`No command "${request.command}" of entity ${entity.name}`);

  let decision: Decision;
  try {
    const deciding = entity.decide(request.command, standing.state, request.request, {
      ...request,
      revision: standing.revision,
      ...(request.firedBy && { timer: { name: request.firedBy.name } }),
    });
    decision = deciding instanceof Promise ? await untilAborted(request.signal, deciding) : deciding;
  } catch (error) {
    requireCaller(request);
    const recorded = await recordedReply(environment, command, request);
    if (recorded !== undefined) return recorded;
    return (await staleness(environment, request, standing)) ?? Promise.reject(error);
  }
  requireCaller(request);
  if (request.firedBy === undefined && changesNothing(decision, command, request)) {
    const reply = decision.reply(standing.state);
    return (await staleness(environment, request, standing)) ?? { type: "reply", reply };
  }
  return decision.forgets
    ? forget(environment, request, { command, decision, standing })
    : append(environment, request, { command, decision, standing });
}

interface Decided {
  readonly command: EntityCommand;
  readonly decision: Decision;
  readonly standing: Standing;
}

async function forget(
  environment: CommandEnvironment,
  request: CommandRequest,
  { command, decision, standing: { revision } }: Decided,
): Promise<Outcome> {
  const { commandId, firedBy } = request;
  const result = await forgetPast({ ...environment, command, commandId, firedBy, decision, revision });
  switch (result.type) {
    case "forgotten":
      return { type: "reply", reply: result.reply };
    case "duplicate":
      return { type: "reply", reply: fromBinary(command.method.output, result.reply) };
    case "conflict":
      return { type: "stale", actual: result.actual };
    case "gone":
      throw timerGone(environment, request);
  }
}

/** What has an id is recorded, whatever it changes, so that its reply is that of the first time (J3). */
function changesNothing(
  { events, timers }: Decision,
  { readOnly }: EntityCommand,
  { commandId }: CommandRequest,
): boolean {
  return events.length === 0 && timers.length === 0 && (readOnly || commandId === undefined);
}

async function append(
  environment: CommandEnvironment,
  request: CommandRequest,
  { command, decision, standing }: Decided,
): Promise<Outcome> {
  const { entity, journal, live, onSchedule } = environment;
  const { entityId, commandId, firedBy } = request;
  const { incarnation } = journal;
  const payloads = decision.events.map((event) => toBinary(entity.event, event));
  const revision = standing.revision + BigInt(payloads.length);
  const state = payloads.reduce((state, payload) => live.evolve(state, payload), standing.state);
  const reply = decision.reply(state);
  const result = await journal
    .append({
      entityType: entity.name,
      entityId,
      expectedRevision: standing.revision,
      incarnation: standing.incarnation,
      events: payloads.map((payload) => ({ payload })),
      ...(commandId === undefined
        ? {}
        : { command: { id: commandId, reply: toBinary(command.method.output, reply) } }),
      ...(decision.timers.length === 0 ? {} : { timers: decision.timers }),
      ...(firedBy === undefined ? {} : { fires: firedBy }),
      ...(snapshotDue(entity, standing.revision, revision) ? snapshotOf(environment, state) : {}),
    })
    .catch((error: unknown) => {
      live.invalidate();
      throw error;
    });
  switch (result.type) {
    case "appended":
      live.advance({ state, revision, incarnation });
      if (onSchedule !== undefined) for (const due of scheduled(decision)) onSchedule(due);
      return { type: "reply", reply };
    case "duplicate":
      live.invalidate();
      return { type: "reply", reply: fromBinary(command.method.output, result.reply) };
    case "conflict":
      return { type: "stale", actual: result.actual };
    case "gone":
      live.invalidate();
      throw timerGone(environment, request);
  }
}

function scheduled({ timers }: Decision): readonly TimerDue[] {
  return timers.flatMap((change) => (change.type === "schedule" ? [change.due] : []));
}

/** A snapshot is taken when a multiple of `snapshotEvery` is reached or passed, behind the whole batch (J5). */
function snapshotDue({ snapshotEvery }: Entity, before: bigint, after: bigint): boolean {
  return snapshotEvery !== false && before / BigInt(snapshotEvery) !== after / BigInt(snapshotEvery);
}

/** A state that does not encode can do without its snapshot: the events are the truth, and the next one may succeed. */
function snapshotOf(
  { entity, live, fingerprint, logger }: CommandEnvironment,
  state: Message,
): Pick<Append, "snapshot"> {
  try {
    return { snapshot: { state: encodeState(entity, state), fingerprint } };
  } catch (error) {
    logger?.warn(
      { err: error, entityType: entity.name, entityId: live.entityId },
      "no snapshot: the state does not encode",
    );
    return {};
  }
}

async function recordedReply(
  { entity, journal }: CommandEnvironment,
  command: EntityCommand,
  { entityId, commandId }: CommandRequest,
): Promise<Outcome | undefined> {
  if (commandId === undefined || command.readOnly) return undefined;
  const recorded = await journal.loadCommand({ entityType: entity.name, entityId, commandId });
  return recorded && { type: "reply", reply: fromBinary(command.method.output, recorded.reply) };
}

async function staleness(
  { entity, journal }: CommandEnvironment,
  { entityId }: CommandRequest,
  { revision }: Standing,
): Promise<Outcome | undefined> {
  const actual = await journal.confirm(entity.name, entityId);
  return actual === revision ? undefined : { type: "stale", actual };
}

function requireCaller({ signal, command, entityId }: CommandRequest): void {
  if (!signal.aborted) return;
  throw new SamspelError(
    "SAMSPEL_DEADLINE_EXCEEDED",
    `Gave up ${command} of "${entityId}" as its caller has gone or its deadline is over`,
    {
      cause: signal.reason,
    },
  );
}

function conflict(
  { entity }: CommandEnvironment,
  { entityId, command }: CommandRequest,
  actual: bigint,
): SamspelError {
  return new SamspelError(
    "SAMSPEL_REVISION_CONFLICT",
    `Cannot run ${command} of ${entity.name} "${entityId}": other processes wrote to it ${maxAttempts} times in a row, last revision ${actual}`,
    { metadata: { actual: String(actual) } },
  );
}

function timerGone({ entity }: CommandEnvironment, { entityId, firedBy }: CommandRequest): SamspelError {
  return new SamspelError(
    "SAMSPEL_TIMER_GONE",
    `Timer "${firedBy?.name}" of ${entity.name} "${entityId}" was cancelled, replaced or fired meanwhile`,
  );
}
