import * as fc from "fast-check";
import { Buffer } from "node:buffer";
import { crc32 } from "node:zlib";
import t from "tap";
import { partitionOf, sliceCount, sliceOf } from "./slice.ts";

t.test("sliceOf() and partitionOf() hash the UTF-8 bytes, within their bounds", async () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 256 }), (key, partitions) => {
      const hash = crc32(Buffer.from(key, "utf8"));
      return sliceOf(key) === (hash & (sliceCount - 1)) && partitionOf(key, partitions) === hash % partitions;
    }),
  );
});

t.test("sliceOf() and partitionOf() give what zlib.crc32 of Python gives", async (t) => {
  const known = [
    ["cart-1", 228, 4],
    ["", 0, 0],
    ["å∂€😀", 283, 11],
  ] as const;
  for (const [key, slice, partition] of known) {
    t.equal(sliceOf(key), slice);
    t.equal(partitionOf(key, 16), partition);
  }
});
