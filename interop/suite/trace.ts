// A W3C trace context, made by the suite.
import { randomBytes } from "node:crypto";

export interface Trace {
  readonly id: string;
  /** The header `traceparent`. */
  readonly parent: string;
}

export function createTrace(): Trace {
  const id = randomBytes(16).toString("hex");
  return { id, parent: `00-${id}-${randomBytes(8).toString("hex")}-01` };
}

/** Whether a `traceparent` belongs to the trace. */
export function isOf(trace: Trace, traceparent: string): boolean {
  return new RegExp(`^00-${trace.id}-[0-9a-f]{16}-[0-9a-f]{2}$`).test(traceparent);
}
