// The vectors that every language is held to agree with what JavaScript computes.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import t from "tap";

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
    const hash = crc32(Buffer.from(key, "utf8"));
    t.same(
      { crc32: hash, slice: hash & 1023, partition: hash % 16 },
      expected,
      JSON.stringify(key.slice(0, 20)),
    );
  }
});
