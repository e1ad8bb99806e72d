// Where in a topic to begin, as people write it.
import type { Place } from "../../topics/index.ts";
import { UsageError } from "../backoffice/usage-error.ts";
import { timeOf } from "../call/time.ts";

/** @throws UsageError for what is no place. */
export function placeOf(from: string, now: number = Date.now()): Place {
  if (from === "beginning" || from === "end") return { type: from };
  if (/^[1-9]\d*$/.test(from)) return { type: "sequence", sequence: Number(from) };
  const ago = /^\d+(\.\d+)?(ms|s|m|h)$/.test(from) ? timeOf(from) : undefined;
  const time = new Date(ago === undefined ? from : now - ago);
  if (!Number.isNaN(time.getTime())) return { type: "time", time };
  throw new UsageError(
    `--from must be beginning, end, a time such as 2026-01-31T12:00:00Z, so long ago as 10m, or a number in the stream: current value is "${from}"`,
  );
}
