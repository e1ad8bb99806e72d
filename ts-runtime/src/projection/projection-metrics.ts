// How far behind a projection is, and what it could not apply, at each collection of metrics. Each instance that runs
// it says the same: take the maximum.
import type { Database } from "../postgres/index.ts";
import { isMeasured, observeGauge } from "../telemetry/index.ts";
import { readStanding } from "./builds.ts";
import { buildPositions } from "./positions.ts";
import type { Projection } from "./projection.ts";
import { lagOf } from "./state.ts";

interface Observed {
  readonly projection: Pick<Projection, "name" | "entityTypes">;
  readonly home: Database;
  /** The one that has the journal. */
  readonly database: Database;
}

/** A database that is away is told elsewhere. */
const unknownNow = (): undefined => undefined;

/** Observes the live build until it is disposed of. */
export function observeProjection({ projection, home, database }: Observed): Disposable {
  if (!isMeasured()) return { [Symbol.dispose]: () => {} };
  const { name, entityTypes } = projection;
  const attributes = { "samspel.projection": name };
  const live = async (): Promise<number | undefined> => (await readStanding(home.sql, name))?.generation;

  const lag = async (): Promise<number | undefined> => {
    const generation = await live();
    if (generation === undefined) return undefined;
    const positions = await buildPositions(home.sql, name, generation);
    return (await lagOf(database, entityTypes, positions)).seconds;
  };
  const parked = async (): Promise<number | undefined> => {
    const generation = await live();
    if (generation === undefined) return undefined;
    const [row] = await home.sql<{ count: bigint }[]>`
      select count(*) from projection_failure where projection = ${name} and generation = ${generation}`;
    return Number(row?.count ?? 0n);
  };
  const gauges = [
    observeGauge("samspel.projection.lag", attributes, () => lag().catch(unknownNow)),
    observeGauge("samspel.projection.parked", attributes, () => parked().catch(unknownNow)),
  ];
  return {
    [Symbol.dispose]() {
      for (const gauge of gauges) gauge[Symbol.dispose]();
    },
  };
}
