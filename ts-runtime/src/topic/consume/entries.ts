// Small entries under keys, in a bucket of JetStream's key-value store: what consumers agree about.
//
// E1. An entry is replaced only by who knows its revision, so of two who write on the same ground one fails.
// E2. `read` asks the stream's leader; `readAll` may be answered by a replica that is behind, so what was read by it
//     alone takes nothing away from anybody.
import {
  headers,
  NatsError,
  RequestStrategy,
  StorageType,
  RetentionPolicy,
  DiscardPolicy,
  type Msg,
} from "nats";
import { apiErrorOf, noMessageFound, streamNameInUse, streamNotFound } from "../api-error.ts";
import type { Broker } from "../broker.ts";

/** The bucket of all groups. */
export const bucketName = "consumers";

/** An entry as it was read. */
export interface Entry {
  readonly key: string;
  /** Grows with each write to the bucket. */
  readonly revision: number;
  readonly body: Uint8Array;
}

/** The entries of a bucket. Keys are of letters, digits, `_`, `-`, `/`, `=` and `.`. */
export interface Entries {
  /** Makes sure that the bucket exists. */
  ensure(): Promise<void>;
  /** All entries whose keys begin with `prefix` and a dot, by what stands behind that. */
  readAll(prefix: string): Promise<ReadonlyMap<string, Entry>>;
  read(key: string): Promise<Entry | undefined>;
  /** Writes an entry, whatever is there; returns its revision. */
  write(key: string, value: unknown): Promise<number>;
  /** Writes an entry where its revision still is the one given, 0 for none; undefined where it is not. */
  replace(key: string, value: unknown, revision: number): Promise<number | undefined>;
  /** Removes an entry without a trace. */
  remove(key: string): Promise<void>;
}

const timeoutMs = 2_000;
const wrongLastSequence = 10_071;
const wrongLastSequenceOfOld = 10_164;
const endOfBatch = 204;
const expectedRevision = "Nats-Expected-Last-Subject-Sequence";

/** What a broken bucket answers; it is to be made anew. */
export function isBucketMissing(error: unknown): boolean {
  return (error instanceof NatsError && error.code === "503") || apiErrorOf(error) === streamNotFound;
}

/** Opens a bucket; it need not exist. */
export function openEntries(broker: Broker, name: string): Entries {
  const { connection, manager } = broker;
  const bucket = `${broker.prefix}${name}`;
  const stream = `KV_${bucket}`;
  const subjectOf = (key: string): string => `$KV.${bucket}.${key}`;
  const keyOf = (subject: string): string => subject.slice(subjectOf("").length);

  const put = async (key: string, value: unknown, revision?: number): Promise<number | undefined> => {
    const options = {
      timeout: timeoutMs,
      ...(revision === undefined ? {} : { headers: expecting(revision) }),
    };
    const reply = await connection.request(subjectOf(key), JSON.stringify(value), options);
    const answer = reply.json<{
      seq?: number;
      error?: { code: number; err_code?: number; description?: string };
    }>();
    if (answer.error === undefined) return answer.seq ?? 0;
    const { err_code: number = 0, description = "unknown", code } = answer.error;
    if (number === wrongLastSequence || number === wrongLastSequenceOfOld) return undefined;
    throw new Error(`Cannot write "${key}" to bucket ${bucket}: ${description} (${code}, ${number})`);
  };

  return {
    async ensure() {
      const existing = await manager.streams.info(stream).catch((error: unknown) => {
        if (isBucketMissing(error)) return undefined;
        throw error;
      });
      if (existing !== undefined) return;
      const config = {
        name: stream,
        subjects: [subjectOf(">")],
        storage: StorageType.File,
        retention: RetentionPolicy.Limits,
        discard: DiscardPolicy.New,
        max_msgs_per_subject: 1,
        allow_direct: true,
        allow_rollup_hdrs: true,
        deny_delete: true,
      };
      await manager.streams.add(config).catch((error: unknown) => {
        if (apiErrorOf(error) !== streamNameInUse) throw error; // another came first
      });
    },
    async readAll(prefix) {
      const request = JSON.stringify({ multi_last: [subjectOf(`${prefix}.>`)] });
      const replies = await connection.requestMany(`$JS.API.DIRECT.GET.${stream}`, request, {
        strategy: RequestStrategy.SentinelMsg,
        maxWait: timeoutMs,
      });
      const found = new Map<string, Entry>();
      let isWhole = false;
      for await (const reply of replies) {
        const code = reply.headers?.code ?? 0;
        if (code === 0) {
          const entry = entryOf(keyOf(reply.headers?.get("Nats-Subject") ?? ""), reply);
          found.set(entry.key.slice(prefix.length + 1), entry);
        } else if (code === endOfBatch || code === 404) {
          isWhole = true;
        } else {
          throw new Error(`Cannot read bucket ${bucket}: ${code} ${reply.headers?.description ?? ""}`);
        }
      }
      if (!isWhole) throw new Error(`Cannot read bucket ${bucket}: no answer within ${timeoutMs} ms`);
      return found;
    },
    async read(key) {
      try {
        const stored = await manager.streams.getMessage(stream, { last_by_subj: subjectOf(key) });
        return { key, revision: stored.seq, body: stored.data };
      } catch (error) {
        if (apiErrorOf(error) === noMessageFound) return undefined;
        throw error;
      }
    },
    async write(key, value) {
      return (await put(key, value)) ?? 0;
    },
    replace: put,
    async remove(key) {
      await manager.streams.purge(stream, { filter: subjectOf(key) });
    },
  };
}

function entryOf(key: string, { headers, data }: Msg): Entry {
  return { key, revision: Number(headers?.get("Nats-Sequence")), body: data };
}

function expecting(revision: number): ReturnType<typeof headers> {
  const result = headers();
  result.set(expectedRevision, String(revision));
  return result;
}
