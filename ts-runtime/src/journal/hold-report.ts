// Names the transaction that holds all readers of a journal back, once it has done so for too long (J4).
import type { Database } from "../postgres/index.ts";
import { findHolder } from "./find-holder.ts";

export interface HoldReport {
  /** To be told after each look whether events are held back. */
  note(heldBack: boolean): Promise<void>;
}

const patienceMs = 5_000;

/** Logs at most once in `patienceMs`. */
export function createHoldReport(database: Database, patienceForMs: number = patienceMs): HoldReport {
  let sinceMs: number | undefined;
  return {
    async note(heldBack) {
      if (!heldBack) {
        sinceMs = undefined;
        return;
      }
      sinceMs ??= performance.now();
      if (performance.now() - sinceMs < patienceForMs) return;
      sinceMs = performance.now();
      const holder = await findHolder(database);
      // It may have ended between the two looks.
      if (holder === undefined) return;
      const { pid, name, state, ageMs } = holder;
      database.logger.warn(
        { pid, applicationName: name, state, ageMs: ageMs && Math.round(ageMs) },
        state === "prepared"
          ? "a prepared transaction holds back all readers of the journal: commit it or roll it back"
          : "a running transaction holds back all readers of the journal: end it, or make its work shorter",
      );
    },
  };
}
