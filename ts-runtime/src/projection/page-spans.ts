// Spans for each page of news that a projection applies, where anybody wants spans: they continue the traces of its
// events. History makes none.
//
// A page of one trace is a child of that. One of several is a trace with links to them, as a span has one parent, and
// has a span in each of them besides: so whoever looks at a trace sees when the projection had it.
import type { RangedEvent } from "../journal/index.ts";
import {
  causesOf,
  contextOfEvent,
  failureOf,
  isSampled,
  type RunningSpan,
  type Tracing,
} from "../telemetry/index.ts";

export interface SpannedPage {
  readonly projection: string;
  readonly events: readonly RangedEvent[];
}

/** Of one page; what is beyond has the link alone. */
const maxShares = 128;

/** Applies a page in spans, where one of its events belongs to a trace that is recorded. */
export function inSpan<T>(
  tracing: Tracing | undefined,
  { projection, events }: SpannedPage,
  apply: () => Promise<T>,
): Promise<T> {
  if (tracing === undefined) return apply();
  const contexts = events
    .flatMap(({ metadata }) => contextOfEvent(metadata) ?? [])
    .filter((found) => isSampled(found));
  if (contexts.length === 0) return apply();
  const causes = causesOf(contexts);
  const about = (count: number) => ({
    type: "project" as const,
    name: `project ${projection}`,
    attributes: { "samspel.projection": projection, "samspel.events": count },
  });
  const start = { ...about(events.length), parent: causes.parent, links: causes.links };
  if (causes.traces.length === 1) return tracing.run(start, apply);
  return tracing.run(start, (page) => {
    const links = page.asLink();
    const shares = causes.traces
      .slice(0, maxShares)
      .map(({ first, count }) => tracing.start({ ...about(count), parent: first, links }));
    return endingAll(shares, apply);
  });
}

async function endingAll<T>(spans: readonly RunningSpan[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { type, message } = failureOf(error);
    for (const span of spans) span.fail(type, message);
    throw error;
  } finally {
    for (const span of spans) span.end();
  }
}
