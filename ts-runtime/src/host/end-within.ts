// A stop ends, whatever a part of it waits for (A2): a database that is frozen never answers, and never refuses.
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../telemetry/index.ts";

/** Waits until `ending` is over, for `ms` at the most; what fails or goes on is told and left alone. */
export async function endWithin(
  ms: number,
  ending: Promise<unknown>,
  { what, logger }: { readonly what: string; readonly logger: Logger },
): Promise<void> {
  const over = new AbortController();
  const late = sleep(ms, "late", { signal: over.signal }).catch(() => "over");
  const ended = ending.catch((error: unknown) => logger.warn({ err: error }, `${what} did not end well`));
  if ((await Promise.race([ended, late])) === "late") {
    logger.warn({ waitedMs: ms }, `${what} did not end in time and is left behind`);
  }
  over.abort();
}
