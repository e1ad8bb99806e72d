// DESC: the descriptors that an instance puts into the registry, so that tools need no proto files (R3).
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { createFileRegistry, fromBinary, type DescService, type FileRegistry } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { number, object, safeParse } from "valibot";
import { apiLines } from "../api-lines.ts";
import { failed, judged, passed, type Check, type Problem } from "../check.ts";
import type { RegistryReader } from "../registry-reader.ts";
import { entryCheck } from "./registration.ts";

/** What is wrong with what the registry has. */
class DescriptorFault extends Error {
  readonly must: string;
  constructor(found: string, must: string) {
    super(found);
    this.must = must;
  }
}

const told = entryCheck({
  rule: "DESC-1",
  level: "should",
  title: "it says which descriptors it has",
  run({ Service: { Meta } }) {
    const digest = Meta["descriptor_sha256"];
    if (digest === undefined || digest === "") {
      return failed(
        "no descriptor_sha256 in its meta",
        "the SHA-256 of its descriptor set: gateway, dashboard and `samspel call` read it there",
        "store the set at samspel/descriptors/<sha256> before registering, or see in the log why the registry did not take it",
      );
    }
    if (/^[0-9a-f]{64}$/.test(digest)) return passed(digest.slice(0, 12));
    return failed(
      `descriptor_sha256 "${digest}"`,
      "64 hexadecimal digits in lower case",
      "write the SHA-256 of the uncompressed set",
    );
  },
});

const stored = entryCheck({
  rule: "DESC-2",
  level: "must",
  title: "its descriptors are in the registry, whole",
  after: ["DESC-1"],
  async run({ Service: { Meta } }, { registry }) {
    try {
      const { files } = await readSet(registry, Meta["descriptor_sha256"] ?? "");
      return passed(`${[...files].length} files`);
    } catch (error) {
      if (!(error instanceof DescriptorFault)) throw error;
      return failed(
        error.message,
        error.must,
        "store the set with ?cas=0, pieces before the value that counts them, and only then register",
      );
    }
  },
});

/** @throws DescriptorFault */
async function readSet(registry: RegistryReader, digest: string): Promise<FileRegistry> {
  const key = `samspel/descriptors/${digest}`;
  const value = await registry.value(key);
  if (value === undefined) throw new DescriptorFault(`nothing at ${key}`, "the gzip of the set at this key");
  const bytes = unzip(await joined(registry, key, value), key);
  const actual = createHash("sha256").update(bytes).digest("hex");
  if (actual !== digest)
    throw new DescriptorFault(
      `what is at ${key} has the SHA-256 ${actual}`,
      "the digest of the uncompressed bytes, which is the key",
    );
  try {
    return createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes));
  } catch (error) {
    throw new DescriptorFault(
      `the set at ${key} does not link: ${error instanceof Error ? error.message : String(error)}`,
      "a FileDescriptorSet with each file after its imports",
    );
  }
}

const counted = object({ chunks: number() });

/** What is larger than a value of the registry may be is in pieces. */
async function joined(registry: RegistryReader, key: string, value: Buffer): Promise<Buffer> {
  if (value[0] !== 0x7b) return value;
  const parsed = safeParse(counted, parseJson(value));
  if (!parsed.success) throw new DescriptorFault(`${key} is neither gzip nor {"chunks": n}`, "one of them");
  const pieces: Buffer[] = [];
  for (let n = 0; n < parsed.output.chunks; n++) {
    const piece = await registry.value(`${key}/${n}`);
    if (piece === undefined)
      throw new DescriptorFault(`nothing at ${key}/${n}`, `${parsed.output.chunks} pieces from ${key}/0 on`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function parseJson(value: Buffer): unknown {
  try {
    return JSON.parse(value.toString());
  } catch {
    return undefined;
  }
}

function unzip(bytes: Buffer, key: string): Buffer {
  try {
    return gunzipSync(bytes);
  } catch {
    throw new DescriptorFault(`what is at ${key} is no gzip`, "the gzip of the set");
  }
}

const shownDifferences = 3;

const current = entryCheck({
  rule: "DESC-3",
  level: "must",
  title: "its descriptors are those of what it serves",
  after: ["DESC-2", "REFL-2"],
  async run({ Service: { Meta } }, subject) {
    const { services } = await subject.api();
    const registry = await readSet(subject.registry, Meta["descriptor_sha256"] ?? "");
    const problems: Problem[] = [];
    const kept: DescService[] = [];
    for (const { typeName } of services) {
      const service = registry.getService(typeName);
      if (service !== undefined) kept.push(service);
      else
        problems.push({
          found: `the set does not have ${typeName}, which is served`,
          must: "all files that the served proto services need",
          mend: "make the set of all that the server serves, at each start",
        });
    }
    const served = apiLines(services.filter(({ typeName }) => registry.getService(typeName) !== undefined));
    const stored = apiLines(kept);
    const differences = [
      ...[...served].filter((line) => !stored.has(line)).map((line) => `served and not in the set: ${line}`),
      ...[...stored].filter((line) => !served.has(line)).map((line) => `in the set and not served: ${line}`),
    ];
    if (differences.length > 0) {
      const more = differences.length - shownDifferences;
      problems.push({
        found: `${differences.slice(0, shownDifferences).join("; ")}${more > 0 ? `; and ${more} more` : ""}`,
        must: "the same in the set and in reflection",
        mend: "make the set of the compiled descriptors, not of files that are deployed beside them",
      });
    }
    return judged(problems);
  },
});

export const descriptorChecks: readonly Check[] = [told, stored, current];
