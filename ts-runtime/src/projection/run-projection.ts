// Runs a projection on this instance, as one of those that share it (T4, T6): its live build, and one beside it.
//
// What is to run is in the database, where an operator changes it: each instance hears of a change at once, and looks
// once a second. Until it has heard, what it commits is checked against the same row (B1).
import type { Cluster } from "../cluster/index.ts";
import type { Journal } from "../journal/index.ts";
import { isTransient, type Database } from "../postgres/index.ts";
import { backoff, createLatch } from "../resilience/index.ts";
import type { Logger } from "../telemetry/index.ts";
import { controlChannel, readStanding, type Standing } from "./builds.ts";
import type { Projection } from "./projection.ts";
import { observeProjection } from "./projection-metrics.ts";
import { runBuild } from "./run-build.ts";
import { beginRebuild, setUpProjection } from "./set-up-projection.ts";

export interface RunProjectionOptions {
  readonly projection: Projection;
  /** The one that has the journal. */
  readonly database: Database;
  /** The one that has the projection's tables. Default: `database`. */
  readonly home?: Database;
  readonly journal: Journal;
  readonly cluster: Cluster;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** How many events a transaction applies at most. Default 1,000. */
  readonly pageSize?: number;
}

interface Runner {
  stop(): Promise<void>;
}

const lookMs = 1_000;

/** Runs a projection until `signal` aborts. */
export async function runProjection(options: RunProjectionOptions): Promise<void> {
  const { projection, database, home = database, signal, logger, journal } = options;
  const changed = createLatch();
  using _ = await home.listen(controlChannel(home, projection.name), () => changed.set());
  using __ = observeProjection({ projection, home, database });
  /** By generation and number of resets. */
  const runners = new Map<string, Runner>();
  let isSetUp = false;
  let isReplaced = false;
  try {
    for (let failures = 0; !signal.aborted;) {
      try {
        if (!isSetUp) await setUpProjection({ projection, home, journal });
        isSetUp = true;
        const standing = await home.bounded((sql) => readStanding(sql, projection.name));
        if (standing?.rebuild === true && standing.version === projection.version) {
          await beginRebuild({ projection, home, journal });
          continue;
        }
        if (standing !== undefined && standing.version > projection.version && !isReplaced) {
          isReplaced = true;
          logger.info(
            { projection: projection.name, version: projection.version, live: standing.version },
            "a newer version of the projection is live: this instance leaves it to others",
          );
        }
        await adjust(runners, wantedOf(projection, standing), options);
        failures = 0;
        await changed.wait(lookMs, signal);
      } catch (error) {
        if (!isTransient(error)) throw error;
        failures++;
        logger.warn({ err: error, projection: projection.name, failures }, "database away: waiting for it");
        await backoff(failures, signal);
      }
    }
  } finally {
    await Promise.all([...runners.values()].map((runner) => runner.stop()));
  }
}

/** The builds that this instance's code can run. */
function wantedOf({ version }: Projection, standing: Standing | undefined): ReadonlyMap<string, number> {
  if (standing === undefined || standing.paused) return new Map();
  const { generation, building, building_version: buildingVersion, resets } = standing;
  return new Map(
    [
      ...(standing.version === version ? [generation] : []),
      ...(building !== null && buildingVersion === version ? [building] : []),
    ].map((wanted) => [`${wanted}/${resets}`, wanted]),
  );
}

async function adjust(
  runners: Map<string, Runner>,
  wanted: ReadonlyMap<string, number>,
  options: RunProjectionOptions,
): Promise<void> {
  for (const [key, runner] of runners) {
    if (wanted.has(key)) continue;
    await runner.stop();
    runners.delete(key);
  }
  for (const [key, generation] of wanted) {
    if (!runners.has(key)) runners.set(key, start(options, generation));
  }
}

function start(options: RunProjectionOptions, generation: number): Runner {
  const { projection, database, home = database, logger } = options;
  const stopping = new AbortController();
  const signal = AbortSignal.any([options.signal, stopping.signal]);
  const running = runBuild({ ...options, home, signal, generation }).catch((error: unknown) => {
    logger.error({ err: error, projection: projection.name, generation }, "projection failed");
  });
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
