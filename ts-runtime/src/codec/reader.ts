// Reads what the bytes of messages are made of. It gives up on whatever is not well-formed: what is wrong with it, and
// whether it may pass all the same, protobuf-es says.
import { unusual } from "./unusual.ts";

const replacement = "\uFFFD";
const none = Buffer.alloc(0);

export class Reader {
  at = 0;
  /** How many messages the one at hand lies in, itself included. */
  depth = 0;
  #source: Uint8Array = none;
  #bytes: Buffer = none;
  #view: DataView | undefined;

  begin(source: Uint8Array): void {
    this.#source = source;
    this.#bytes = Buffer.isBuffer(source)
      ? source
      : Buffer.from(source.buffer, source.byteOffset, source.byteLength);
    this.#view = undefined;
    this.at = 0;
    this.depth = 0;
  }

  /** Lets go of the bytes. */
  end(): void {
    this.#source = none;
    this.#bytes = none;
    this.#view = undefined;
  }

  /** Reads a length; where that, from here, ends. */
  boundary(): number {
    const length = this.uint32();
    const end = this.at + length;
    if (end > this.#bytes.length) throw unusual;
    return end;
  }

  /** What stands before a field. It has 32 bits, and unlike other numbers no more. */
  tag(): number {
    const from = this.at;
    const tag = this.uint32();
    const length = this.at - from;
    if (length >= 5 && (length > 5 || (this.#bytes[this.at - 1] ?? 0) > 0x0f)) throw unusual;
    return tag;
  }

  uint32(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.at++];
    if (byte === undefined) throw unusual;
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let shift = 7; shift < 28; shift += 7) {
      byte = bytes[this.at++];
      if (byte === undefined) throw unusual;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    byte = bytes[this.at++];
    if (byte === undefined) throw unusual;
    value |= (byte & 0x0f) << 28;
    // Negative numbers have ten bytes, the upper half of which says nothing.
    for (let read = 5; byte > 0x7f; read++) {
      byte = bytes[this.at++];
      if (byte === undefined || read === 10) throw unusual;
    }
    return value >>> 0;
  }

  int32(): number {
    return this.uint32() | 0;
  }

  sint32(): number {
    const value = this.uint32();
    return (value >>> 1) ^ -(value & 1);
  }

  bool(): boolean {
    const byte = this.#bytes[this.at++];
    if (byte === undefined || byte > 0x7f) throw unusual;
    return byte !== 0;
  }

  int64(): bigint {
    const small = this.#smallVarint();
    return small === undefined ? this.#words(signed) : BigInt(small);
  }

  uint64(): bigint {
    const small = this.#smallVarint();
    return small === undefined ? this.#words(unsigned) : BigInt(small);
  }

  sint64(): bigint {
    return this.#words(zigzag);
  }

  fixed32(): number {
    return this.#viewed().getUint32((this.at += 4) - 4, true);
  }

  sfixed32(): number {
    return this.#viewed().getInt32((this.at += 4) - 4, true);
  }

  fixed64(): bigint {
    return this.#viewed().getBigUint64((this.at += 8) - 8, true);
  }

  sfixed64(): bigint {
    return this.#viewed().getBigInt64((this.at += 8) - 8, true);
  }

  float(): number {
    return this.#viewed().getFloat32((this.at += 4) - 4, true);
  }

  double(): number {
    return this.#viewed().getFloat64((this.at += 8) - 8, true);
  }

  bytes(): Uint8Array {
    const end = this.boundary();
    return this.#source.subarray(this.at, (this.at = end));
  }

  text(): string {
    const end = this.boundary();
    const text = this.#bytes.toString("utf8", this.at, end);
    this.at = end;
    // What is not valid, or was written so: the one is refused for some fields, the other never.
    if (text.includes(replacement)) throw unusual;
    return text;
  }

  /** A varint of up to four bytes; it has not begun to read a longer one. */
  #smallVarint(): number | undefined {
    const bytes = this.#bytes;
    let value = 0;
    let { at } = this;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined) throw unusual;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) {
        this.at = at;
        return value;
      }
    }
    return undefined;
  }

  #words(make: (lo: number, hi: number) => bigint): bigint {
    const bytes = this.#bytes;
    let lo = 0;
    let hi = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[this.at++];
      if (byte === undefined) throw unusual;
      const bits = byte & 0x7f;
      if (shift < 32) lo |= bits << shift;
      if (shift > 32) hi |= bits << (shift - 32);
      else if (shift === 28) hi |= bits >>> 4;
      if (byte < 0x80) return make(lo, hi);
    }
    throw unusual;
  }

  #viewed(): DataView {
    const { buffer, byteOffset, byteLength } = this.#bytes;
    return (this.#view ??= new DataView(buffer, byteOffset, byteLength));
  }
}

function signed(lo: number, hi: number): bigint {
  return BigInt.asIntN(64, (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0));
}

function unsigned(lo: number, hi: number): bigint {
  return (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);
}

function zigzag(lo: number, hi: number): bigint {
  const sign = -(lo & 1);
  return signed(((lo >>> 1) | (hi << 31)) ^ sign, (hi >>> 1) ^ sign);
}
