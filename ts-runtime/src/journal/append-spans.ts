// A span for each append that belongs to a trace, where anybody wants spans (A3).
import { createTracing, isSampled } from "../telemetry/index.ts";
import type { AppendResult, Forgetting } from "./journal.ts";

type What = Pick<Forgetting, "entityType" | "entityId" | "events">;

/** An appending function in spans; itself where nobody wants them. */
export function inSpans<A extends What>(
  append: (append: A) => Promise<AppendResult>,
): (append: A) => Promise<AppendResult> {
  const tracing = createTracing();
  if (tracing === undefined) return append;
  return (what) => {
    if (!isSampled()) return append(what);
    const { entityType, entityId, events } = what;
    const attributes = {
      "samspel.entity.type": entityType,
      "samspel.entity.id": entityId,
      "samspel.events": events.length,
    };
    return tracing.run({ type: "append", name: `append ${entityType}`, attributes }, async (span) => {
      const result = await append(what);
      span.set({ "samspel.append.outcome": result.type });
      if (result.type === "appended" || result.type === "duplicate")
        span.set({ "samspel.revision": Number(result.revision) });
      return result;
    });
  };
}
