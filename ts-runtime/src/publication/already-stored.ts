// What a process stored that died before it saved its checkpoint: its messages are published again, and JetStream drops
// them as long as it knows their ids. Who takes over later than that looks for them in the stream.
//
// It looks from a minute before the checkpoint moved last, so clocks may differ by that. Where they differ by more, or
// there is too much to look through, messages are stored twice, which T1 allows; none is left out by mistake, as only
// what was found there is not sent.
import { millis, type StreamConfig } from "nats";
import type { Database } from "../postgres/index.ts";
import { idsStoredSince, type Broker, type OutgoingMessage } from "../topic/index.ts";
import { rangeName, type HeldRange } from "../cluster/index.ts";
import { workName, type Publication } from "./publish.ts";

export interface AlreadyStored {
  /** Whether the message is in the stream. */
  has(message: OutgoingMessage): boolean;
  /** What comes now was never published. */
  clear(): void;
}

const nothing: AlreadyStored = { has: () => false, clear: () => {} };

const skewMs = 60_000;
const maxLookedAt = 500_000;

export interface AlreadyStoredOptions {
  readonly publication: Publication;
  readonly database: Database;
  readonly broker: Broker;
  readonly held: readonly HeldRange[];
}

/** Looks for them, where the checkpoints of the held ranges have not moved for longer than ids are known. */
export async function findAlreadyStored(
  { publication, database, broker, held }: AlreadyStoredOptions,
  { name, duplicate_window: window }: StreamConfig,
): Promise<AlreadyStored> {
  const work = workName(publication);
  const names = publication.order === "journal" ? [work] : held.map(({ range }) => rangeName(work, range));
  const [row] = await database.bounded(
    (sql) => sql<{ age_ms: number | null }[]>`
    select (extract(epoch from clock_timestamp() - min(moved_at)) * 1000)::float8 as age_ms
    from checkpoint where name = any(${names})`,
  );
  const ageMs = row?.age_ms ?? 0;
  if (ageMs < millis(window) / 2) return nothing;
  const types = [...publication.sources.keys()].map((type) => `${type}/`);
  const { ids, isCapped } = await idsStoredSince(broker, {
    stream: name,
    since: new Date(Date.now() - ageMs - skewMs),
    accept: (id) => types.some((type) => id.startsWith(type)),
    limit: maxLookedAt,
  });
  if (isCapped) {
    broker.logger.warn(
      { topic: publication.topic.name, lookedAt: maxLookedAt },
      "too much was published since the checkpoint moved: some messages may be stored twice",
    );
  }
  return {
    has: ({ headers }) => ids.size > 0 && ids.has(headers.slice(idStart, headers.indexOf("\r\n"))),
    clear: () => ids.clear(),
  };
}

const idStart = "Nats-Msg-Id: ".length;
