// A long stream must learn that its server is stopping: nothing else would end it before it is cut.
import { createContextKey, type ContextKey, type HandlerContext } from "@connectrpc/connect";

const never: AbortSignal = new AbortController().signal;

export const drainingKey: ContextKey<AbortSignal> = createContextKey(never, {
  description: "samspel.draining",
});

/**
 * Aborts when the call is over or the server begins to drain. A handler whose stream has no end of its own, such as
 * one of updates, looks at it in place of `context.signal`: its callers come back to another instance at once.
 */
export function drainingSignal(context: Pick<HandlerContext, "signal" | "values">): AbortSignal {
  return AbortSignal.any([context.signal, context.values.get(drainingKey)]);
}
