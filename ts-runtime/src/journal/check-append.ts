// What no append may hold, whatever the state of its entity.
import { SamspelError } from "../errors/index.ts";
import type { Append } from "./journal.ts";

/** Long enough for any real id, short enough for an index. */
const maxIdLength = 500;

/** SAMSPEL_INVALID_REQUEST for an id that cannot be stored, SAMSPEL_EVENT_TOO_LARGE for an event that may not be. */
export function checkAppend(append: Append, maxEventBytes: number): SamspelError | undefined {
  const { entityType, entityId, command, events } = append;
  if (!isId(entityType)) return badId("entityType", entityType);
  if (!isId(entityId)) return badId("entityId", entityId);
  if (command !== undefined && !isId(command.id)) return badId("command id", command.id);
  const large = events.find(({ payload }) => payload.length > maxEventBytes);
  return large && tooLarge(append, large.payload.length, maxEventBytes);
}

/** Two different strings must never become one id in the database: so no lone surrogates, which UTF-8 cannot hold. */
function isId(id: string): boolean {
  return id !== "" && id.length <= maxIdLength && id.isWellFormed() && !id.includes("\0");
}

function badId(what: string, id: string): SamspelError {
  return new SamspelError(
    "SAMSPEL_INVALID_REQUEST",
    `${what} must have 1 to ${maxIdLength} characters, all of them valid Unicode and none NUL: current value is ${JSON.stringify(id.slice(0, 50))} of length ${id.length}`,
  );
}

function tooLarge({ entityType, entityId }: Append, bytes: number, limit: number): SamspelError {
  return new SamspelError(
    "SAMSPEL_EVENT_TOO_LARGE",
    `Cannot persist an event of ${entityType} "${entityId}" as it must have at most ${limit} bytes: it has ${bytes}; keep what is large elsewhere, and its name in the event`,
    { metadata: { limit: String(limit), bytes: String(bytes) } },
  );
}
