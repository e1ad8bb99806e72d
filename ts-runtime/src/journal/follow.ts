// Following the journal live. NOTIFY only wakes; polling is the net under it (J4).
import { isTransient, type Database } from "../postgres/index.ts";
import { backoff, createLatch } from "../resilience/index.ts";
import { eventChannel } from "./channels.ts";
import { ensureStatistics } from "./early-analyze.ts";
import { createHoldReport } from "./hold-report.ts";
import type { FollowOptions, Page } from "./journal.ts";
import { readPage } from "./read-page.ts";

const defaultPollMs = 1_000;

/** The first look again at events that a running transaction holds back. */
const heldBackMs = 2;

/** Doubled up to so much, whatever `pollMs` is, as nothing tells when that transaction has ended. */
const maxHeldBackMs = 1_000;

/** How long to wait for look number `looks` (1, 2, 3 …) at events that are held back. */
export function heldBackWaitMs(looks: number, pollMs: number): number {
  return Math.min(pollMs, maxHeldBackMs, heldBackMs * 2 ** Math.min(looks, 20));
}

/** Pages as they come; see `Journal.follow`. */
export async function* follow(database: Database, options: FollowOptions): AsyncGenerator<Page, void> {
  const { signal, pollMs = defaultPollMs, idleMs = Infinity } = options;
  const news = createLatch();
  using _ = await database.listen(eventChannel(database), () => news.set());
  await ensureStatistics(database);
  const holdReport = createHoldReport(database);
  let after = options.after;
  let failures = 0;
  let looks = 0;
  let yieldedAtMs = performance.now();
  while (!signal.aborted) {
    try {
      const page = await readPage(database.sql, { ...options, after });
      failures = 0;
      after = page.next;
      if (page.events.length > 0 || performance.now() - yieldedAtMs >= idleMs) {
        yield { events: page.events, next: page.next };
        yieldedAtMs = performance.now();
      }
      if (page.full) continue;
      looks = page.heldBack ? looks + 1 : 0;
      await holdReport.note(page.heldBack);
      await news.wait(page.heldBack ? heldBackWaitMs(looks, pollMs) : pollMs, signal);
    } catch (error) {
      if (!isTransient(error)) throw error;
      failures++;
      if (!signal.aborted)
        database.logger.warn({ err: error, failures }, "following the journal: interrupted");
      await backoff(failures, signal, { maxMs: pollMs });
    }
  }
}
