// How long readers are held back, as a metric (J4). It is asked of the database each time that metrics are collected.
import type { Database } from "../postgres/index.ts";
import { isMeasured, observeGauge } from "../telemetry/index.ts";
import { findHolder } from "./find-holder.ts";

/** Observes the age of the oldest transaction that writes, until it is disposed of. */
export function observeHolder(database: Database): Disposable {
  if (!isMeasured()) return { [Symbol.dispose]: () => {} };
  return observeGauge("samspel.journal.hold.age", {}, async () => {
    try {
      const holder = await findHolder(database);
      if (holder === undefined) return 0;
      return holder.ageMs === undefined ? undefined : holder.ageMs / 1_000;
    } catch (error) {
      database.logger.debug({ err: error }, "no age of the holder of readers: the database did not say");
      return undefined;
    }
  });
}
