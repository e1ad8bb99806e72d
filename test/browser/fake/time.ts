// Times with parts of a ms.
import { create } from "@bufbuild/protobuf";
import { DurationSchema, TimestampSchema, type Duration, type Timestamp } from "@bufbuild/protobuf/wkt";

function parts(ms: number): { readonly seconds: bigint; readonly nanos: number } {
  const seconds = Math.floor(ms / 1000);
  return { seconds: BigInt(seconds), nanos: Math.round((ms - seconds * 1000) * 1e6) };
}

/** From ms. */
export function duration(ms: number): Duration {
  return create(DurationSchema, parts(ms));
}

/** From ms since 1970. */
export function time(ms: number): Timestamp {
  return create(TimestampSchema, parts(ms));
}
