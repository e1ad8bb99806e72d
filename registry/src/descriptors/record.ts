// Which descriptors were used, by whom and when: one key with a list of versions, which its users change together.
//
//   C1. An entry is known by the hash of its descriptors. Versions of a program that run at once have one each.
//   C2. Writers lose nothing of each other: a change is a check-and-set of what was read, made anew where that failed.
//   C3. An entry that nobody has seen for `keepMs` is left out by readers and dropped by the next writer.
import { setTimeout as sleep } from "node:timers/promises";
import { asArray, asNumber, asRecord, asString, asStrings, type ConsulHttp } from "../consul/index.ts";
import { RegistryError } from "../errors.ts";

/** One version of a program, by the descriptors that it was compiled with. */
export interface DescriptorUse {
  /** Its descriptor set, by hash. */
  readonly sha256: string;
  /** What the program calls its version; may be empty. */
  readonly version: string;
  /** The methods that it used, by name; empty where it serves them. */
  readonly methods: readonly string[];
  readonly seenAt: Date;
}

export interface UseRecord {
  /** What a key holds, the latest first. */
  read(key: string): Promise<readonly DescriptorUse[]>;
  /** What all keys under a prefix hold, by the rest of the key. */
  list(prefix: string): Promise<ReadonlyMap<string, readonly DescriptorUse[]>>;
  /** Adds a use, or its methods to those of the same descriptors. */
  note(key: string, use: DescriptorUse): Promise<void>;
}

interface RecordOptions {
  readonly keepMs: number;
  /** The longest unseen go where there are more. */
  readonly maxVersions: number;
}

const attempts = 20;

export function createUseRecord(
  http: ConsulHttp,
  { keepMs, maxVersions }: RecordOptions,
  signal: AbortSignal,
): UseRecord {
  const get = async (key: string, query: Readonly<Record<string, string>> = {}) => {
    const { body } = await http.get({ what: `read ${key}`, path: `/kv/${pathOf(key)}`, query, signal });
    return asArray(body).map(asRecord);
  };
  const fresh = (uses: readonly DescriptorUse[]): readonly DescriptorUse[] =>
    uses
      .filter(({ seenAt }) => seenAt.getTime() > Date.now() - keepMs)
      .toSorted((a, b) => b.seenAt.getTime() - a.seenAt.getTime())
      .slice(0, maxVersions);
  return {
    async read(key) {
      const [entry] = await get(key);
      return entry === undefined ? [] : fresh(parse(entry));
    },
    async list(prefix) {
      const entries = await get(prefix, { recurse: "" });
      return new Map(
        entries.map((entry) => [asString(entry["Key"]).slice(prefix.length), fresh(parse(entry))] as const),
      );
    },
    async note(key, use) {
      for (let attempt = 1; attempt <= attempts; attempt++) {
        const [entry] = await get(key);
        const before = entry === undefined ? [] : parse(entry);
        const uses = fresh(merge(before, use));
        const written = await http.put({
          what: `write ${key}`,
          path: `/kv/${pathOf(key)}`,
          query: { cas: String(asNumber(entry?.["ModifyIndex"])) },
          body: print(uses),
          signal,
        });
        if (written === "true") return;
        await sleep(Math.random() * 20 * attempt, undefined, { signal });
      }
      throw new RegistryError(
        "SAMSPEL_REGISTRY_UNREACHABLE",
        `Cannot write ${key} as others change it all the time: gave up after ${attempts} attempts`,
      );
    },
  };
}

function merge(before: readonly DescriptorUse[], use: DescriptorUse): readonly DescriptorUse[] {
  const same = before.find(({ sha256 }) => sha256 === use.sha256);
  const methods = [...new Set([...(same?.methods ?? []), ...use.methods])].toSorted();
  return [...before.filter((other) => other !== same), { ...use, methods }];
}

/** Names of services have no slash; whatever else they have must not end the path. */
function pathOf(key: string): string {
  return key.split("/").map(encodeURIComponent).join("/");
}

function print(uses: readonly DescriptorUse[]): string {
  const versions = uses.map(({ sha256, version, methods, seenAt }) => ({
    sha256,
    version,
    methods,
    seen: seenAt.toISOString(),
  }));
  return JSON.stringify({ versions });
}

/** What cannot be read counts as absent, and is replaced by the next writer. */
function parse(entry: Readonly<Record<string, unknown>>): readonly DescriptorUse[] {
  const text = Buffer.from(asString(entry["Value"]), "base64").toString("utf8");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  return asArray(asRecord(value)["versions"]).flatMap((item) => {
    const { sha256, version, methods, seen } = asRecord(item);
    const seenAt = new Date(asString(seen));
    if (asString(sha256) === "" || Number.isNaN(seenAt.getTime())) return [];
    return [{ sha256: asString(sha256), version: asString(version), methods: asStrings(methods), seenAt }];
  });
}
