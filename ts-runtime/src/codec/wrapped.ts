// Fields of the wrapper types, such as google.protobuf.StringValue, hold the bare value in memory, but for those of a
// oneof.
import type { DescField, ScalarType } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";

/** What a field's wrapper holds, in its field 1; undefined where it is no wrapper, or one that is a message in memory. */
export function wrappedScalar(field: DescField): ScalarType | undefined {
  if (field.fieldKind !== "message" || field.oneof !== undefined) return undefined;
  return isWrapperDesc(field.message) ? field.message.fields[0].scalar : undefined;
}
