// Times and durations as messages, with what there is below a millisecond.
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { DurationSchema, TimestampSchema } from "@bufbuild/protobuf/wkt";

export function durationOf(ms: number): MessageInitShape<typeof DurationSchema> {
  return partsOf(Math.max(0, ms));
}

/** From milliseconds since 1970. */
export function timestampOf(ms: number): MessageInitShape<typeof TimestampSchema> {
  return partsOf(ms);
}

function partsOf(ms: number): { readonly seconds: bigint; readonly nanos: number } {
  const seconds = Math.floor(ms / 1_000);
  return { seconds: BigInt(seconds), nanos: Math.floor((ms - seconds * 1_000) * 1e6) };
}
