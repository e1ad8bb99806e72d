// How each scalar type is read.
import { ScalarType } from "@bufbuild/protobuf";
import type { Reader } from "./reader.ts";

export type ReadValue = (reader: Reader) => unknown;

export const scalarReaders: Readonly<Record<ScalarType, ReadValue>> = {
  [ScalarType.INT32]: (reader) => reader.int32(),
  [ScalarType.UINT32]: (reader) => reader.uint32(),
  [ScalarType.SINT32]: (reader) => reader.sint32(),
  [ScalarType.INT64]: (reader) => reader.int64(),
  [ScalarType.UINT64]: (reader) => reader.uint64(),
  [ScalarType.SINT64]: (reader) => reader.sint64(),
  [ScalarType.BOOL]: (reader) => reader.bool(),
  [ScalarType.FIXED32]: (reader) => reader.fixed32(),
  [ScalarType.SFIXED32]: (reader) => reader.sfixed32(),
  [ScalarType.FIXED64]: (reader) => reader.fixed64(),
  [ScalarType.SFIXED64]: (reader) => reader.sfixed64(),
  [ScalarType.FLOAT]: (reader) => reader.float(),
  [ScalarType.DOUBLE]: (reader) => reader.double(),
  [ScalarType.STRING]: (reader) => reader.text(),
  [ScalarType.BYTES]: (reader) => reader.bytes(),
};
