// The vectors that every language is held to agree with the runtime.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import t from "tap";
import { partitionOf, sliceOf } from "../../ts-runtime/src/descriptor/index.ts";

interface PartitionVector {
  readonly key: string;
  readonly crc32: number;
  readonly slice: number;
  readonly partition: number;
}

const file = join(import.meta.dirname, "../../interop/vectors/partitions.json");
const { vectors } = JSON.parse(readFileSync(file, "utf8")) as {
  readonly vectors: readonly PartitionVector[];
};

t.test("partitions.json holds crc32, slice and partition of each key", async (t) => {
  t.ok(vectors.length > 5);
  for (const { key, ...expected } of vectors) {
    t.same(
      { crc32: crc32(key), slice: sliceOf(key), partition: partitionOf(key, 16) },
      expected,
      JSON.stringify(key.slice(0, 20)),
    );
  }
});
