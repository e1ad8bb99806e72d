// Which descriptors were used, by whom and when: one key with a list of versions, which its users change together.
//
//   C1. An entry is known by version and hash. Versions of a program that run at once have one each, and what only an
//       older one used expires with it.
//   C2. Writers lose nothing of each other: a change is a check-and-set of what was read, made anew where that failed.
//   C3. An entry that nobody has seen for `keepMs` is left out by readers and dropped by the next writer.
import { setTimeout as sleep } from "node:timers/promises";
import { asArray, asNumber, asRecord, asString, asStrings, type ConsulHttp } from "../consul/index.ts";
import { RegistryError } from "../errors.ts";

/** One version of a program, by the descriptors that it was compiled with. */
interface DescriptorUse {
  /** Its descriptor set, by hash. */
  readonly sha256: string;
  /** What the program calls its version; may be empty. */
  readonly version: string;
  /** What it used or served of them, by name. */
  readonly names: readonly string[];
  readonly seenAt: Date;
}

export interface UseRecord {
  /** What a key holds, the latest first. */
  read(key: string): Promise<readonly DescriptorUse[]>;
  /** What all keys under a prefix hold, by the rest of the key. */
  list(prefix: string): Promise<ReadonlyMap<string, readonly DescriptorUse[]>>;
  /** Adds a use, or its names to those of the same version. */
  note(key: string, use: DescriptorUse): Promise<void>;
}

interface RecordOptions {
  /** What the names are, in the JSON of a key. */
  readonly names: "methods" | "protoServices";
  readonly keepMs: number;
  /** The longest unseen go where there are more. */
  readonly maxVersions: number;
}

const attempts = 20;

export function createUseRecord(
  http: ConsulHttp,
  { names, keepMs, maxVersions }: RecordOptions,
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
      return entry === undefined ? [] : fresh(parse(entry, names));
    },
    async list(prefix) {
      const entries = await get(prefix, { recurse: "" });
      return new Map(
        entries.map(
          (entry) => [asString(entry["Key"]).slice(prefix.length), fresh(parse(entry, names))] as const,
        ),
      );
    },
    async note(key, use) {
      for (let attempt = 1; attempt <= attempts; attempt++) {
        const [entry] = await get(key);
        const before = entry === undefined ? [] : parse(entry, names);
        const uses = fresh(merge(before, use));
        const { body: written } = await http.send({
          method: "PUT",
          what: `write ${key}`,
          path: `/kv/${pathOf(key)}`,
          query: { cas: String(asNumber(entry?.["ModifyIndex"])) },
          body: print(uses, names),
          signal,
        });
        if (written === true) return;
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
  const same = before.find(({ sha256, version }) => sha256 === use.sha256 && version === use.version);
  const names = [...new Set([...(same?.names ?? []), ...use.names])].toSorted();
  return [...before.filter((other) => other !== same), { ...use, names }];
}

/** Names of services have no slash; whatever else they have must not end the path. */
function pathOf(key: string): string {
  return key.split("/").map(encodeURIComponent).join("/");
}

function print(uses: readonly DescriptorUse[], called: RecordOptions["names"]): string {
  const versions = uses.map(({ sha256, version, names, seenAt }) => ({
    sha256,
    version,
    [called]: names,
    seen: seenAt.toISOString(),
  }));
  return JSON.stringify({ versions });
}

/** What cannot be read counts as absent, and is replaced by the next writer. */
function parse(
  entry: Readonly<Record<string, unknown>>,
  called: RecordOptions["names"],
): readonly DescriptorUse[] {
  const text = Buffer.from(asString(entry["Value"]), "base64").toString("utf8");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return [];
  }
  return asArray(asRecord(value)["versions"]).flatMap((item) => {
    const { sha256, version, seen, [called]: names } = asRecord(item);
    const seenAt = new Date(asString(seen));
    if (asString(sha256) === "" || Number.isNaN(seenAt.getTime())) return [];
    return [{ sha256: asString(sha256), version: asString(version), names: asStrings(names), seenAt }];
  });
}
