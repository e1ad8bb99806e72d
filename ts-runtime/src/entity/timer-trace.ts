// The trace of a timer: kept beside it when it is scheduled, continued when it fires (A3).
//
// Invariants:
//   I1. A timer is the child of the command that scheduled it, as a message is of what sent it.
//   I2. One that a timer scheduled begins a trace, with a link to that one: what winds itself up would never end its
//       trace.
//   I3. One that nobody knows a trace of begins one, as those do that were scheduled before there was anything to keep it.
import type { TimerChange } from "../journal/index.ts";
import {
  contextOfEvent,
  eventTrace,
  linksTo,
  noTrace,
  tracePassedOn,
  type SpanStart,
} from "../telemetry/index.ts";
import type { CommandRequest } from "./command-request.ts";

export type TimerMetadata = Readonly<Record<string, string>>;

/** Marks the trace of a timer that a timer scheduled (I2). */
const link = "link";

/** The changes of a command, with what its timers keep of the trace that it belongs to. */
export function tracedTimers(
  { requestHeader, firedBy }: Pick<CommandRequest, "requestHeader" | "firedBy">,
  changes: readonly TimerChange[],
): readonly TimerChange[] {
  const trace = eventTrace(requestHeader);
  if (trace === undefined) return changes;
  const metadata = firedBy === undefined ? trace : { ...trace, [link]: "true" };
  return changes.map((change) => (change.type === "schedule" ? { ...change, metadata } : change));
}

/** What the span of a firing belongs to. */
export function timerCauses(metadata: TimerMetadata): Required<Pick<SpanStart, "parent" | "links">> {
  const scheduled = contextOfEvent(metadata);
  if (scheduled === undefined) return { parent: noTrace, links: [] };
  return link in metadata ? { parent: noTrace, links: linksTo(scheduled) } : { parent: scheduled, links: [] };
}

/** What a firing passes on where nobody makes spans. */
export function timerHeaders(metadata: TimerMetadata): Headers {
  return new Headers(link in metadata ? {} : tracePassedOn({ get: (name) => metadata[name] }));
}
