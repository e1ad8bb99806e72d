// Bytes of messages, one behind the other in a slab that they share: a buffer for each would cost more than what is
// written into it, as each is an allocation outside of the heap that the collector has to follow.
//
// Invariants:
//   W1. A message that was taken is not written to again: the next one begins behind it.
//   W2. A slab lives as long as one of its messages does. So it is small, and a large message has one of its own, as has
//       one whose fields of bytes would share it when it is decoded: those may be held as long as a state is.
import { protoInt64 } from "@bufbuild/protobuf";

const slabBytes = 64 * 1024;
/** What a slab has left at least when a message begins: less would be moved to the next slab in the midst of it. */
const leastRoom = 1024;
const shortText = 24;
/** A longer one is measured first, as room for thrice of it may be much. */
const longText = 4_096;

export class Writer {
  #bytes: Buffer = Buffer.allocUnsafeSlow(slabBytes);
  #view: DataView | undefined;
  /** Where the message begins, and where the next byte goes. */
  #start = 0;
  #at = 0;

  /** @param room how many bytes to leave in front of the message, for whoever sends it. */
  begin(room: number): void {
    if (this.#at + leastRoom > this.#bytes.length) this.#renew(slabBytes);
    this.#start = this.#at;
    this.#at += room;
  }

  /** The message since `begin`; `own`, in a buffer of its own. */
  take(own: boolean): Uint8Array {
    const shared = this.#bytes.subarray(this.#start, this.#at);
    const message = own ? new Uint8Array(shared) : shared;
    if (own) this.#at = this.#start;
    this.#start = this.#at;
    if (this.#bytes.length > slabBytes) this.#renew(slabBytes);
    return message;
  }

  /** The same in the shared buffer, with the room in front of it. */
  takeShared(): Buffer {
    const message = this.#bytes.subarray(this.#start, this.#at);
    this.#start = this.#at;
    if (this.#bytes.length > slabBytes) this.#renew(slabBytes);
    return message;
  }

  /** Forgets the message since `begin`. */
  drop(): void {
    this.#at = this.#start;
    if (this.#bytes.length > slabBytes) this.#renew(slabBytes);
  }

  /** Leaves room for the length of what follows: give the answer to `close`. */
  open(lengthBytes: number): number {
    this.#need(lengthBytes);
    const from = this.#at - this.#start;
    this.#at += lengthBytes;
    return from;
  }

  /** Writes the length of all since `open`; how many bytes it took, which is a good guess for the next of its kind. */
  close(from: number, lengthBytes: number): number {
    const length = this.#at - this.#start - from - lengthBytes;
    const needed = varintBytes(length);
    if (needed !== lengthBytes) {
      this.#need(needed - lengthBytes);
      const begin = this.#start + from;
      this.#bytes.copyWithin(begin + needed, begin + lengthBytes, this.#at);
      this.#at += needed - lengthBytes;
    }
    this.#varint32(length, this.#start + from);
    return needed;
  }

  uint32(value: number): void {
    this.#need(5);
    this.#at = this.#varint32(value, this.#at);
  }

  int32(value: number): void {
    if (value >= 0) this.uint32(value);
    else this.#varint64(value, -1);
  }

  bool(value: boolean): void {
    this.#need(1);
    this.#bytes[this.#at++] = value ? 1 : 0;
  }

  int64(value: bigint): void {
    if (value >= 0n && value <= 0x7fffffffn) return this.uint32(Number(value));
    const { lo, hi } = protoInt64.enc(value);
    this.#varint64(lo, hi);
  }

  uint64(value: bigint): void {
    if (value >= 0n && value <= 0x7fffffffn) return this.uint32(Number(value));
    const { lo, hi } = protoInt64.uEnc(value);
    this.#varint64(lo, hi);
  }

  sint64(value: bigint): void {
    const { lo, hi } = protoInt64.enc(value);
    const sign = hi >> 31;
    this.#varint64((lo << 1) ^ sign, ((hi << 1) | (lo >>> 31)) ^ sign);
  }

  /** Two words, the low one first. */
  fixed64(lo: number, hi: number): void {
    this.#need(8);
    const view = this.#viewed();
    view.setInt32(this.#at, lo, true);
    view.setInt32(this.#at + 4, hi, true);
    this.#at += 8;
  }

  fixed32(value: number): void {
    this.#need(4);
    this.#viewed().setInt32(this.#at, value, true);
    this.#at += 4;
  }

  float(value: number): void {
    this.#need(4);
    this.#viewed().setFloat32(this.#at, value, true);
    this.#at += 4;
  }

  double(value: number): void {
    this.#need(8);
    this.#viewed().setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  /** Bytes without their length. */
  raw(value: Uint8Array): void {
    this.#need(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  /** Text with its length. */
  text(value: string): void {
    const { length } = value;
    if (length <= shortText && this.#shortAscii(value)) return;
    // A UTF-16 code unit is at most three bytes of UTF-8. Most texts have as many bytes as units.
    this.#need((length > longText ? Buffer.byteLength(value) : length * 3) + 5);
    const lengthBytes = varintBytes(length);
    const from = this.open(lengthBytes);
    this.#at += this.#bytes.write(value, this.#at);
    this.close(from, lengthBytes);
  }

  /** A call out of JavaScript costs more than a few letters. */
  #shortAscii(value: string): boolean {
    const { length } = value;
    this.#need(length + 1);
    const bytes = this.#bytes;
    let at = this.#at;
    bytes[at++] = length;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) return false;
      bytes[at++] = code;
    }
    this.#at = at;
    return true;
  }

  /** Where it ends. */
  #varint32(value: number, from: number): number {
    const bytes = this.#bytes;
    let at = from;
    let rest = value;
    while (rest > 0x7f) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    return at;
  }

  #varint64(low: number, high: number): void {
    this.#need(10);
    const bytes = this.#bytes;
    let at = this.#at;
    let lo = low >>> 0;
    let hi = high >>> 0;
    while (hi > 0 || lo > 0x7f) {
      bytes[at++] = (lo & 0x7f) | 0x80;
      lo = ((lo >>> 7) | (hi << 25)) >>> 0;
      hi >>>= 7;
    }
    bytes[at++] = lo;
    this.#at = at;
  }

  #need(size: number): void {
    if (this.#at + size > this.#bytes.length)
      this.#renew(Math.max(slabBytes, 2 * (this.#at - this.#start + size)));
  }

  /** Goes on in a new slab, which the message that is under way moves to. */
  #renew(size: number): void {
    const bytes = Buffer.allocUnsafeSlow(size);
    this.#bytes.copy(bytes, 0, this.#start, this.#at);
    this.#at -= this.#start;
    this.#start = 0;
    this.#bytes = bytes;
    this.#view = undefined;
  }

  #viewed(): DataView {
    return (this.#view ??= new DataView(this.#bytes.buffer));
  }
}

function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  return value < 0x10000000 ? 4 : 5;
}
