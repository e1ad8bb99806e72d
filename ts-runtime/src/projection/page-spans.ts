// A span for each page of news that a projection applies, where anybody wants spans: it continues the traces of its
// events. History makes none.
import type { RangedEvent } from "../journal/index.ts";
import { causesOf, contextOfEvent, isSampled, type Tracing } from "../telemetry/index.ts";

/** Applies a page in a span, where one of its events belongs to a trace that is recorded. */
export function inSpan<T>(
  tracing: Tracing | undefined,
  { projection, events }: { readonly projection: string; readonly events: readonly RangedEvent[] },
  apply: () => Promise<T>,
): Promise<T> {
  if (tracing === undefined) return apply();
  const traced = events
    .flatMap(({ metadata }) => contextOfEvent(metadata) ?? [])
    .filter((found) => isSampled(found));
  if (traced.length === 0) return apply();
  return tracing.run(
    {
      type: "project",
      name: `project ${projection}`,
      attributes: { "samspel.projection": projection, "samspel.events": events.length },
      ...causesOf(traced),
    },
    apply,
  );
}
