// How each scalar type is written, and what counts as its zero, which a field without presence leaves out.
import { protoInt64, ScalarType } from "@bufbuild/protobuf";
import { WireType } from "@bufbuild/protobuf/wire";
import { unusual } from "./unusual.ts";
import type { Writer } from "./writer.ts";

/** Writes a value, or gives up on one that is not of the type. */
export type WriteValue = (writer: Writer, value: unknown) => void;

export interface Scalar {
  readonly wireType: WireType;
  readonly write: WriteValue;
  readonly isZero: (value: unknown) => boolean;
}

const greatestFloat = 3.4028234663852886e38;

function int32(value: unknown): number {
  if (typeof value === "number" && (value | 0) === value) return value;
  throw unusual;
}

function uint32(value: unknown): number {
  if (typeof value === "number" && value >>> 0 === value) return value;
  throw unusual;
}

function bigint(value: unknown): bigint {
  if (typeof value === "bigint") return value;
  throw unusual;
}

function float(value: unknown): number {
  if (typeof value !== "number") throw unusual;
  if (Math.abs(value) > greatestFloat && Number.isFinite(value)) throw unusual;
  return value;
}

/** One that is no bigint is not zero here, and the writer gives up on it. */
const isZeroBigint = (value: unknown): boolean => value === 0n;
const isZeroNumber = (value: unknown): boolean => value === 0;
/** Minus zero is a value. */
const isZeroFloat = (value: unknown): boolean => Object.is(value, 0);

const varint = (write: WriteValue, isZero = isZeroNumber): Scalar => ({
  wireType: WireType.Varint,
  write,
  isZero,
});

export const scalars: Readonly<Record<ScalarType, Scalar>> = {
  [ScalarType.INT32]: varint((writer, value) => writer.int32(int32(value))),
  [ScalarType.UINT32]: varint((writer, value) => writer.uint32(uint32(value))),
  [ScalarType.SINT32]: varint((writer, value) => {
    const number = int32(value);
    writer.uint32(((number << 1) ^ (number >> 31)) >>> 0);
  }),
  [ScalarType.INT64]: varint((writer, value) => writer.int64(bigint(value)), isZeroBigint),
  [ScalarType.UINT64]: varint((writer, value) => writer.uint64(bigint(value)), isZeroBigint),
  [ScalarType.SINT64]: varint((writer, value) => writer.sint64(bigint(value)), isZeroBigint),
  [ScalarType.BOOL]: varint(
    (writer, value) => {
      if (typeof value !== "boolean") throw unusual;
      writer.bool(value);
    },
    (value) => value === false,
  ),
  [ScalarType.FIXED32]: {
    wireType: WireType.Bit32,
    write: (writer, value) => writer.fixed32(uint32(value)),
    isZero: isZeroNumber,
  },
  [ScalarType.SFIXED32]: {
    wireType: WireType.Bit32,
    write: (writer, value) => writer.fixed32(int32(value)),
    isZero: isZeroNumber,
  },
  [ScalarType.FIXED64]: {
    wireType: WireType.Bit64,
    write(writer, value) {
      const { lo, hi } = protoInt64.uEnc(bigint(value));
      writer.fixed64(lo, hi);
    },
    isZero: isZeroBigint,
  },
  [ScalarType.SFIXED64]: {
    wireType: WireType.Bit64,
    write(writer, value) {
      const { lo, hi } = protoInt64.enc(bigint(value));
      writer.fixed64(lo, hi);
    },
    isZero: isZeroBigint,
  },
  [ScalarType.FLOAT]: {
    wireType: WireType.Bit32,
    write: (writer, value) => writer.float(float(value)),
    isZero: isZeroFloat,
  },
  [ScalarType.DOUBLE]: {
    wireType: WireType.Bit64,
    write(writer, value) {
      if (typeof value !== "number") throw unusual;
      writer.double(value);
    },
    isZero: isZeroFloat,
  },
  [ScalarType.STRING]: {
    wireType: WireType.LengthDelimited,
    write(writer, value) {
      if (typeof value !== "string") throw unusual;
      writer.text(value);
    },
    isZero: (value) => value === "",
  },
  [ScalarType.BYTES]: {
    wireType: WireType.LengthDelimited,
    write(writer, value) {
      if (!(value instanceof Uint8Array)) throw unusual;
      writer.uint32(value.length);
      writer.raw(value);
    },
    isZero: (value) => value instanceof Uint8Array && value.length === 0,
  },
};
