// A span for each command of an entity, where anybody wants spans (A3).
import type { Message } from "@bufbuild/protobuf";
import { isExpected } from "../errors/index.ts";
import { createTracing, failureOf, isSampled, recordException } from "../telemetry/index.ts";
import type { CommandRequest } from "./command-request.ts";

type Ask = (request: CommandRequest, onRevision?: (revision: bigint) => void) => Promise<Message>;

/** `ask` in spans; itself where nobody wants them. */
export function inSpans(entityType: string, ask: Ask): (request: CommandRequest) => Promise<Message> {
  const tracing = createTracing();
  if (tracing === undefined) return ask;
  return async (request) => {
    if (!isSampled()) return ask(request);
    const { command, entityId } = request;
    const span = tracing.start({
      type: "command",
      name: `${entityType} ${command}`,
      attributes: {
        "samspel.entity.type": entityType,
        "samspel.entity.id": entityId,
        "samspel.command": command,
      },
    });
    const note = (revision: bigint): void => span.set({ "samspel.revision": Number(revision) });
    try {
      return await span.within(() => ask(request, note));
    } catch (error) {
      const { type, message } = failureOf(error);
      // A handler's "no" is an answer, and no failure.
      if (isExpected(error)) span.set({ "error.type": type });
      else {
        span.within(() => recordException(error));
        span.fail(type, message);
      }
      throw error;
    } finally {
      span.end();
    }
  };
}
