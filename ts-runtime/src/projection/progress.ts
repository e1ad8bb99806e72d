// How fast a build goes on this instance: for metrics, and for whoever looks at the projection.
import { createCounter, isMeasured } from "../telemetry/index.ts";
import type { EventOutcome } from "./apply-page.ts";
import type { RunBuildOptions } from "./run-build.ts";

export interface Progress extends AsyncDisposable {
  readonly count: (outcome: EventOutcome, events: number) => void;
}

const noteEveryMs = 2_000;

/** Counts events; notes the rate in `projection_progress` while there is one. */
export function createProgress({ projection, home, cluster, generation, logger }: RunBuildOptions): Progress {
  const measure = isMeasured() ? createCounter("samspel.projection.events") : undefined;
  let events = 0;
  let notedRate = 0;
  let sinceMs = performance.now();
  let noting: Promise<unknown> = Promise.resolve();

  const note = (rate: number): void => {
    if (rate === 0 && notedRate === 0) return;
    notedRate = rate;
    noting = home
      .bounded(
        (sql) => sql`
        insert into projection_progress (projection, generation, instance, events_per_second)
        values (${projection.name}, ${generation}, ${cluster.instance}, ${rate})
        on conflict (projection, generation, instance) do update
          set events_per_second = excluded.events_per_second, at = excluded.at`,
      )
      .catch((error: unknown) => logger.debug({ err: error }, "the rate of a projection was not noted"));
  };
  const timer = setInterval(() => {
    const now = performance.now();
    note((events * 1_000) / (now - sinceMs));
    events = 0;
    sinceMs = now;
  }, noteEveryMs).unref();

  return {
    count(outcome, applied) {
      events += applied;
      measure?.(applied, { "samspel.projection": projection.name, "samspel.projection.outcome": outcome });
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await noting;
      await home
        .bounded(
          (sql) => sql`
          delete from projection_progress
          where projection = ${projection.name} and generation = ${generation} and instance = ${cluster.instance}`,
        )
        .catch((error: unknown) => logger.debug({ err: error }, "the rate of a projection was not removed"));
    },
  };
}
