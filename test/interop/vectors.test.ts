// The vectors that every language is held to agree with the runtime.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import t from "tap";
import { partitionOf, sliceOf } from "../../ts-runtime/src/descriptor/index.ts";
import {
  laterSubject,
  replySubject,
  tellStream,
  tellSubject,
  tellToken,
} from "../../ts-runtime/src/tell/address.ts";
import { encodeValue } from "../../ts-runtime/src/topic/index.ts";

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

interface TellVector {
  readonly service: string;
  readonly method: string;
  readonly key: string;
  readonly id: string;
  readonly [expected: string]: string;
}

t.test("tells.json holds where a tell lies, what it is known by, and where its reply lies", async (t) => {
  const tells = join(import.meta.dirname, "../../interop/vectors/tells.json");
  const { vectors } = JSON.parse(readFileSync(tells, "utf8")) as { readonly vectors: readonly TellVector[] };
  t.ok(vectors.length > 3);
  for (const { service, method, key, id, ...expected } of vectors) {
    const token = tellToken({ service, method, key, id });
    const found = {
      stream: tellStream(service),
      subject: tellSubject(service, key),
      messageId: `${method}/${encodeValue(key).replaceAll("/", "%2F")}/${encodeValue(id)}`,
      token,
      replySubject: replySubject(service, token),
      laterSubject: laterSubject(service, token),
    };
    t.same(found, expected, `${service}.${method}`);
  }
});
