// Where a subscription or a projection is reset to.
import { timestampFromDate, type Timestamp } from "@bufbuild/protobuf/wkt";
import { UsageError } from "./usage-error.ts";

export type WhereTo =
  | { readonly case: "beginning" | "end"; readonly value: true }
  | { readonly case: "time"; readonly value: Timestamp }
  /** Anything else: a number in a stream, or a place in the journal. */
  | { readonly case: "place"; readonly value: string };

export function whereTo(text: string): WhereTo {
  if (text === "beginning" || text === "end") return { case: text, value: true };
  if (/^\d+(-\d+)?$/.test(text)) return { case: "place", value: text };
  const time = new Date(text);
  if (!Number.isNaN(time.getTime())) return { case: "time", value: timestampFromDate(time) };
  throw new UsageError(
    `--to must be beginning, end, a time such as 2026-01-31T12:00:00Z, or a place: current value is "${text}"`,
  );
}
