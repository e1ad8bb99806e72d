// One command from the mailbox to its reply.
//
// Invariants:
//   H1. A reply or a rejection leaves only when the state that it rests on is known to be current: after the append
//       of its events, or, where there are none, after a look at the revision in the journal (J1, J2).
//   H2. State becomes current only after the commit (J8). When the outcome of an append is not known, the state is
//       dropped and read again.
//   H3. A command whose id is recorded gets the recorded reply and adds no event (J3), whatever its handler says now.
//   H4. A handler that outlives its command is left alone, and nothing that it decides counts: the entity goes on.
import type { Message } from "@bufbuild/protobuf";
import { decode } from "../codec/index.ts";
import { SamspelError } from "../errors/index.ts";
import { hasEnded } from "../grpc/index.ts";
import { backoff } from "../resilience/index.ts";
import { untilAborted } from "../service/index.ts";
import { commandContext } from "./call-request.ts";
import { carryOut, type Attempt, type Outcome } from "./carry-out.ts";
import type { CommandEnvironment, CommandRequest } from "./command-request.ts";
import type { Decision, EntityCommand } from "./entity.ts";

/** A conflict needs another writer in between each time, so more than a few in a row mean a fight over one entity. */
const maxAttempts = 10;

/**
 * Handles a command, again from a fresh state whenever another process was faster (J1).
 * @throws What the handler rejected with; SAMSPEL_REVISION_CONFLICT after ten conflicts in a row;
 *   SAMSPEL_DEADLINE_EXCEEDED when the caller has gone before anything was appended; SAMSPEL_TIMER_GONE when the timer
 *   that fires it does not stand any more.
 * @param onRevision is told of the revision that the reply rests on, before the request's own is.
 */
export async function handleCommand(
  environment: CommandEnvironment,
  request: CommandRequest,
  onRevision?: (revision: bigint) => void,
): Promise<Message> {
  const { entity, live } = environment;
  const command = entity.commands.get(request.command);
  if (command === undefined) throw new RangeError(`No command "${request.command}" of entity ${entity.name}`);
  for (let number = 1; ; number++) {
    requireCaller(request);
    const standing = live.standing ?? (await live.recover());
    const outcome = await decideAndCarryOut({ environment, request, command, standing });
    if (outcome.type === "reply") {
      onRevision?.(outcome.revision);
      request.onRevision?.(outcome.revision);
      return outcome.reply;
    }
    live.invalidate();
    if (number === maxAttempts) throw conflict(environment, request, outcome.actual);
    await backoff(number, request.signal, { initialMs: 2, maxMs: 50 });
  }
}

/** Not an async function: a handler that does not wait is not waited for. */
function decideAndCarryOut(attempt: Attempt): Promise<Outcome> {
  const { environment, request, standing } = attempt;
  let deciding: Decision | Promise<Decision>;
  try {
    deciding = environment.entity.decide(
      request.command,
      standing.state,
      request.request,
      commandContext(request, standing.revision),
    );
  } catch (error) {
    return refuse(attempt, error);
  }
  if (!(deciding instanceof Promise)) return settle(attempt, deciding);
  return untilAborted(request.signal, deciding).then(
    (decision) => {
      requireCaller(request);
      return settle(attempt, decision);
    },
    (error: unknown) => refuse(attempt, error),
  );
}

function settle(attempt: Attempt, decision: Decision): Promise<Outcome> {
  const { request, command } = attempt;
  return request.firedBy === undefined && changesNothing(decision, command, request)
    ? answer(attempt, decision)
    : carryOut(attempt, decision);
}

/** What has an id is recorded, whatever it changes, so that its reply is that of the first time (J3). */
function changesNothing(
  { events, timers, tells }: Decision,
  { readOnly }: EntityCommand,
  { commandId }: CommandRequest,
): boolean {
  const isEmpty = events.length === 0 && timers.length === 0 && tells.length === 0;
  return isEmpty && (readOnly || commandId === undefined);
}

async function answer(attempt: Attempt, decision: Decision): Promise<Outcome> {
  const reply = decision.reply(attempt.standing.state);
  const { revision } = attempt.standing;
  return (await staleness(attempt)) ?? { type: "reply", reply, revision };
}

/** The handler threw: its word counts where the state was current, and the command is not one that was handled before. */
async function refuse(attempt: Attempt, error: unknown): Promise<Outcome> {
  requireCaller(attempt.request);
  const outcome = (await recordedReply(attempt)) ?? (await staleness(attempt));
  if (outcome === undefined) throw error;
  return outcome;
}

async function recordedReply({ environment, request, command }: Attempt): Promise<Outcome | undefined> {
  const { entity, journal } = environment;
  const { entityId, commandId } = request;
  if (commandId === undefined || command.readOnly) return undefined;
  const recorded = await journal.loadCommand({ entityType: entity.name, entityId, commandId });
  return (
    recorded && {
      type: "reply",
      reply: decode(command.method.output, recorded.reply),
      revision: recorded.revision,
    }
  );
}

async function staleness({ environment, request, standing }: Attempt): Promise<Outcome | undefined> {
  const actual = await environment.journal.confirm(environment.entity.name, request.entityId);
  return actual === standing.revision ? undefined : { type: "stale", actual };
}

function requireCaller(request: CommandRequest): void {
  if (!hasEnded(request.call ?? request)) return;
  const { signal, command, entityId } = request;
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
