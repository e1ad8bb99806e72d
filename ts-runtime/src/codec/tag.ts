import type { WireType } from "@bufbuild/protobuf/wire";

/** What stands before a field's value: its number and how to find its end. */
export function tagOf(number: number, wireType: WireType): number {
  return ((number << 3) | wireType) >>> 0;
}
