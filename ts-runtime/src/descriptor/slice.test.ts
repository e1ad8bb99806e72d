import t from "tap";
import { partitionOf, sliceOf } from "./slice.ts";

t.test(
  "sliceOf() and partitionOf() give what zlib.crc32 of Python gives (the contract across languages)",
  async (t) => {
    const known = [
      { key: "cart-1", slice: 228, partition: 4 },
      { key: "", slice: 0, partition: 0 },
      { key: "å∂€😀", slice: 283, partition: 11 },
    ];
    for (const { key, slice, partition } of known) {
      t.equal(sliceOf(key), slice);
      t.equal(partitionOf(key, 16), partition);
    }
  },
);
