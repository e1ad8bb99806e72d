// descriptors.json: what a descriptor set is called in the registry, and that its examples are what they say.
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import t from "tap";
import { readVectors } from "./read-vectors.ts";

interface SetVector {
  readonly about: string;
  readonly set: string;
  readonly sha256: string;
  readonly key: string;
  readonly gzip: string;
}

interface DescriptorVectors {
  readonly sets: readonly (SetVector & {
    readonly services: readonly string[];
    readonly files: readonly string[];
  })[];
  readonly chunks: readonly { readonly gzipBytes: number; readonly pieces: readonly number[] | null }[];
  readonly refused: readonly (SetVector & { readonly reason: string })[];
}

const { sets, chunks, refused } = readVectors("descriptors") as DescriptorVectors;

t.test("descriptors.json holds the digest of a set's uncompressed bytes", async (t) => {
  for (const { about, set, sha256, key, gzip } of [...sets, ...refused]) {
    const bytes = Buffer.from(set, "base64");
    t.equal(createHash("sha256").update(bytes).digest("hex"), sha256, about);
    t.equal(key, `samspel/descriptors/${sha256}`);
    t.same(gunzipSync(Buffer.from(gzip, "base64")), bytes);
  }
});

t.test("the sets of descriptors.json link, and those to be refused do not", async (t) => {
  for (const { about, set, services, files } of sets) {
    const found = fromBinary(FileDescriptorSetSchema, Buffer.from(set, "base64"));
    t.same(
      found.file.map(({ name }) => name),
      files,
      about,
    );
    const registry = createFileRegistry(found);
    for (const service of services) t.ok(registry.getService(service), service);
  }
  for (const { about, set } of refused) {
    const { file } = fromBinary(FileDescriptorSetSchema, Buffer.from(set, "base64"));
    const before = new Set<string>();
    const linked = file.every(({ name, dependency }) => {
      const isLinked = dependency.every((each) => before.has(each));
      before.add(name);
      return isLinked;
    });
    t.notOk(linked, about);
  }
});

t.test("descriptors.json holds pieces of at most 512 KiB, which are all of the value", async (t) => {
  for (const { gzipBytes, pieces } of chunks) {
    const most = 512 * 1024;
    t.equal(pieces === null, gzipBytes <= most);
    if (pieces === null) continue;
    t.ok(pieces.every((bytes) => bytes > 0 && bytes <= most));
    t.equal(
      pieces.reduce((sum, bytes) => sum + bytes),
      gzipBytes,
    );
  }
});
