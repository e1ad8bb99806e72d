// A long stream must learn that its server is stopping: nothing else would end it before it is cut.
import { createContextKey, type ContextKey, type HandlerContext } from "@connectrpc/connect";

const never: AbortSignal = new AbortController().signal;

export const drainingKey: ContextKey<AbortSignal> = createContextKey(never, {
  description: "samspel.draining",
});

/**
 * Aborts when the server begins to drain. A handler whose stream has no end of its own, such as one of updates,
 * ends it then; its caller comes back to another instance. Unary handlers need not look at it.
 */
export function drainingSignal(context: Pick<HandlerContext, "values">): AbortSignal {
  return context.values.get(drainingKey);
}
