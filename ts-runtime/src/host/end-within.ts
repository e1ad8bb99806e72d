// A stop ends, whatever a part of it waits for (A2): a database that is frozen never answers, and never refuses.
import { endsWithin } from "../resilience/index.ts";
import type { Logger } from "../telemetry/index.ts";

/** Waits until `ending` is over, for `ms` at the most; what fails or goes on is told and left alone. */
export async function endWithin(
  ms: number,
  ending: Promise<unknown>,
  { what, logger }: { readonly what: string; readonly logger: Logger },
): Promise<void> {
  const ended = ending.catch((error: unknown) => logger.warn({ err: error }, `${what} did not end well`));
  if (!(await endsWithin(ended, ms)))
    logger.warn({ waitedMs: ms }, `${what} did not end in time and is left behind`);
}
