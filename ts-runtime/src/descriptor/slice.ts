// Slices and partitions: the hashes that every language computes alike (CRC-32 of the UTF-8 bytes).
import { crc32 } from "node:zlib";

/** How many slices entity ids fall into; fixed for ever, as the number stands in every journal. */
export const sliceCount = 1024;

/** The slice of an entity, 0 to 1023. */
export function sliceOf(entityId: string): number {
  return crc32(entityId) % sliceCount;
}

/** The partition of a key in a topic of so many partitions. */
export function partitionOf(key: string, partitions: number): number {
  return crc32(key) % partitions;
}
