// Descriptor sets in the registry's keys and values, under the hash of their bytes (R3): who has no proto file reads
// there what an instance serves.
//
//   D1. A key's content follows from its name. So nothing is ever overwritten, a reader may keep what it read for
//       ever, and whoever publishes what is there already has nothing to do.
//   D2. What is read has the hash that was asked for, or it is an error; never something else.
//   D3. The head of a set that is too large for one value is written after its pieces: who finds it finds all.
import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import type { ConsulHttp } from "../consul/index.ts";
import { asArray, asNumber, asRecord, asString } from "../consul/index.ts";
import { RegistryError } from "../errors.ts";

/** Consul's limit of a value. */
const maxValueBytes = 512 * 1024;
/** What a reader unpacks at most. A set of 1,000 large files has 10 MiB. */
const maxSetBytes = 128 * 1024 * 1024;
const maxCached = 256;

/** The sets, by the lower-case hex SHA-256 of their uncompressed bytes. */
export interface DescriptorStore {
  /** Writes a set where it is not there yet; resolves with its hash. */
  publish(set: Uint8Array): Promise<string>;
  /**
   * A set's bytes, or undefined where it is not there. Each is fetched once.
   * @throws RegistryError `SAMSPEL_INVALID_CONFIGURATION` where what is there has another hash.
   */
  read(sha256: string): Promise<Uint8Array | undefined>;
  /** The hashes of all sets, in no order. */
  list(): Promise<readonly string[]>;
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

export function createDescriptorStore(http: ConsulHttp, signal: AbortSignal): DescriptorStore {
  const cached = new Map<string, Uint8Array>();

  const get = async (key: string, sha256: string): Promise<Buffer | undefined> => {
    const { body } = await http.get({ what: `read descriptors ${sha256}`, path: `/kv/${key}`, signal });
    const [entry] = asArray(body);
    return entry === undefined ? undefined : Buffer.from(asString(asRecord(entry)["Value"]), "base64");
  };
  const put = async (
    key: string,
    body: Uint8Array | string,
    sha256: string,
    ifAbsent: boolean,
  ): Promise<void> => {
    await http.send({
      method: "PUT",
      what: `publish descriptors ${sha256}`,
      path: `/kv/${key}`,
      query: ifAbsent ? { cas: "0" } : {},
      body,
      signal,
    });
  };

  /** The compressed set, in one piece or several. */
  const fetchPacked = async (sha256: string): Promise<Buffer | undefined> => {
    const head = await get(keyOf(sha256), sha256);
    const chunks = head === undefined ? 0 : chunksOf(head);
    if (chunks === 0) return head;
    const numbers = Array.from({ length: chunks }, (_, index) => index);
    const pieces = await Promise.all(numbers.map((index) => get(`${keyOf(sha256)}/${index}`, sha256)));
    return Buffer.concat(pieces.flatMap((piece) => piece ?? []));
  };

  const read = async (sha256: string): Promise<Uint8Array | undefined> => {
    const known = cached.get(sha256);
    if (known !== undefined) return known;
    const packed = await fetchPacked(sha256);
    if (packed === undefined) return undefined;
    const set = unpack(packed);
    if (set === undefined || sha256Of(set) !== sha256) throw damaged(sha256);
    remember(cached, sha256, set);
    return set;
  };

  const publishChunked = async (packed: Uint8Array, sha256: string): Promise<void> => {
    if ((await get(keyOf(sha256), sha256)) !== undefined) return;
    const chunks = Math.ceil(packed.length / maxValueBytes);
    const writePieces = async (ifAbsent: boolean): Promise<void> => {
      for (let index = 0; index < chunks; index++) {
        const piece = packed.subarray(index * maxValueBytes, (index + 1) * maxValueBytes);
        await put(`${keyOf(sha256)}/${index}`, piece, sha256, ifAbsent);
      }
    };
    await writePieces(true);
    await put(keyOf(sha256), JSON.stringify({ chunks }), sha256, true);
    // Another writer whose gzip is not ours may have written some of the pieces: ours are as good, and all of one kind.
    const whole = await fetchPacked(sha256).then((found) => found && unpack(found));
    if (whole !== undefined && sha256Of(whole) === sha256) return;
    await writePieces(false);
    await put(keyOf(sha256), JSON.stringify({ chunks }), sha256, false);
  };

  return {
    async list() {
      const { body } = await http.get({
        what: "list descriptors",
        path: `/kv/${keyOf("")}`,
        query: { keys: "" },
        signal,
      });
      return asArray(body).flatMap((key) => {
        const hash = asString(key).slice(keyOf("").length);
        // Pieces of large sets stand below them.
        return isHash(hash) ? [hash] : [];
      });
    },
    async publish(set) {
      const sha256 = sha256Of(set);
      const packed = gzipSync(set, { level: 9 });
      if (packed.length > maxValueBytes) await publishChunked(packed, sha256);
      else await put(keyOf(sha256), packed, sha256, true);
      return sha256;
    },
    async read(sha256) {
      if (isHash(sha256)) return read(sha256);
      throw new RegistryError(
        "SAMSPEL_INVALID_CONFIGURATION",
        `Cannot read descriptors "${sha256}" as their name must be a SHA-256 in 64 lower-case hex digits`,
      );
    },
  };
}

function isHash(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}

function keyOf(sha256: string): string {
  return `samspel/descriptors/${sha256}`;
}

/** How many pieces a head announces; 0 where it is the set itself, which begins as gzip does. */
function chunksOf(head: Buffer): number {
  if (head[0] !== "{".charCodeAt(0)) return 0;
  try {
    return asNumber(asRecord(JSON.parse(head.toString("utf8")))["chunks"]);
  } catch {
    return 0;
  }
}

function unpack(packed: Uint8Array): Uint8Array | undefined {
  try {
    return gunzipSync(packed, { maxOutputLength: maxSetBytes });
  } catch {
    return undefined;
  }
}

function remember(cached: Map<string, Uint8Array>, sha256: string, set: Uint8Array): void {
  const [oldest] = cached.keys();
  if (cached.size >= maxCached && oldest !== undefined) cached.delete(oldest);
  cached.set(sha256, set);
}

function damaged(sha256: string): RegistryError {
  return new RegistryError(
    "SAMSPEL_INVALID_CONFIGURATION",
    `Cannot read descriptors ${sha256} as what stands under ${keyOf(sha256)} has another hash: delete the key, and start an instance that publishes it`,
  );
}
