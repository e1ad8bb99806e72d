// Hashes that are the same in every process: of a key, a name, and of a name's points on a ring.
import { crc32 } from "node:zlib";

/** 32 bits of a text: CRC-32 of its UTF-8 bytes, well mixed, as neighbouring texts have neighbouring sums. */
export function hashOf(text: string): number {
  return mix(crc32(text));
}

/** Another hash of the same text, for each number. */
export function hashAgain(hash: number, number: number): number {
  return mix(hash ^ Math.imul(number, 0x9e37_79b9));
}

/** MurmurHash3's finaliser. */
function mix(hash: number): number {
  let h = hash | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
