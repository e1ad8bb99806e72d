// How tells are, for those who look after them: what waits for its handler, what waits in the outbox, and one by its token.
import type { Database } from "../postgres/index.ts";
import {
  apiErrorOf,
  groupState,
  listDeadLetters,
  streamNotFound,
  type Broker,
  type PartitionState,
} from "../topic/index.ts";
import { SamspelError } from "../errors/index.ts";
import { tellGroup, tellStream, tellToken } from "./address.ts";
import { errorOf, lookUpReply } from "./replies.ts";
import { tellsName } from "./run-tells.ts";
import { replyRetentionMs } from "./stream.ts";
import { readToken } from "./token.ts";

/** The tells on their way to the handlers of a proto service. */
export interface TellQueue {
  /** The full name of the proto service. */
  readonly service: string;
  /** How many are still to be handled. */
  readonly pending: number;
  /** Age of the oldest of them; 0 without one. */
  readonly lagSeconds: number;
  /** How many keys wait for a tell of theirs to be tried again. */
  readonly keysWaiting: number;
  /** How many were given up, and not yet replayed or dropped. */
  readonly deadLetters: number;
  readonly partitions: readonly PartitionState[];
}

/** How the tells of proto services are; it asks the server often, so it is for people. */
export async function tellQueues(broker: Broker, services: readonly string[]): Promise<readonly TellQueue[]> {
  return Promise.all(services.map((service) => tellQueue(broker, service)));
}

async function tellQueue(broker: Broker, service: string): Promise<TellQueue> {
  const stream = `${broker.prefix}${tellStream(service)}`;
  const state = await groupState(broker, { stream, group: tellGroup }).catch(absent);
  const partitions = state?.partitions ?? [];
  return {
    service,
    pending: state?.pending ?? 0,
    lagSeconds: state?.lagSeconds ?? 0,
    keysWaiting: new Set(partitions.flatMap(({ waiting }) => waiting.map(({ key }) => key))).size,
    deadLetters: await deadLettersOf(broker, service),
    partitions,
  };
}

/** A service that nobody ever ran has no state. */
function absent(error: unknown): undefined {
  if (apiErrorOf(error) === streamNotFound) return undefined;
  if (error instanceof SamspelError && error.code === "SAMSPEL_NOT_FOUND") return undefined;
  throw error;
}

async function deadLettersOf({ manager, prefix }: Broker, service: string): Promise<number> {
  const subject = `${prefix}dead.${tellGroup}.${tellsName(service)}`;
  const info = await manager.streams
    .info(`${prefix}dead_letters`, { subjects_filter: subject })
    .catch(absent);
  return info?.state.subjects?.[subject] ?? 0;
}

/** The tells of this service that are in its outbox, by the stream that they go to. */
export interface TellsInOutbox {
  readonly stream: string;
  readonly waiting: number;
  /** How many of them are due. */
  readonly due: number;
  /** For how long the oldest one has been due; 0 without one. */
  readonly lagSeconds: number;
}

/** What of tells is in the outbox. */
export async function tellsInOutbox({ bounded }: Database): Promise<readonly TellsInOutbox[]> {
  const rows = await bounded(
    (sql) => sql<{ stream: string; waiting: number; due: number; lag: number }[]>`
      select stream, count(*)::int as waiting,
        count(*) filter (where coalesce(due_at, recorded_at) <= clock_timestamp())::int as due,
        greatest(0, extract(epoch from clock_timestamp() - min(coalesce(due_at, recorded_at))))::float8 as lag
      from outbox where stream like 'tell\\_%' group by stream order by stream`,
  );
  return rows.map(({ stream, waiting, due, lag }) => ({ stream, waiting, due, lagSeconds: lag }));
}

/** What became of a tell. */
export interface TellStatus {
  /** `unknown`: there is nothing of it, or nothing any more. */
  readonly state: "pending" | "replied" | "rejected" | "dead letter" | "unknown";
  /** The full name of the proto service; undefined where nothing came of it yet, as what follows. */
  readonly service?: string;
  /** The proto name of the method. */
  readonly method?: string;
  readonly id?: string;
  /** The bytes of the response, where there is one that was kept. */
  readonly reply?: Uint8Array;
  readonly error?: string;
  /** Its number among the dead letters, where it still is one. */
  readonly deadLetter?: number;
}

/**
 * What became of a tell to one of these proto services.
 * @throws SAMSPEL_INVALID_REQUEST for what is no token of a receipt.
 */
export async function tellStatus(
  broker: Broker,
  services: readonly string[],
  text: string,
): Promise<TellStatus> {
  const token = readToken(text);
  for (const service of services) {
    const reply = await lookUpReply(broker, service, token);
    if (reply === undefined) continue;
    const { id, method, outcome } = reply;
    const known = { service, method, id };
    switch (outcome.case) {
      case "failure": {
        const state = outcome.value.rejected ? "rejected" : "dead letter";
        const deadLetter = await deadLetterOf(broker, service, token.hash);
        const error = errorOf(outcome.value).message;
        return { state, ...known, error, ...(deadLetter === undefined ? {} : { deadLetter }) };
      }
      case "tooLarge":
        return {
          state: "replied",
          ...known,
          error: `the reply of ${outcome.value} bytes was too large to be kept`,
        };
      case "response":
        return { state: "replied", ...known, reply: outcome.value };
      case undefined:
        return { state: "replied", ...known };
    }
  }
  return { state: Date.now() - token.toldAtMs > replyRetentionMs ? "unknown" : "pending" };
}

/** How many pages of dead letters are looked through. */
const maxPages = 20;

async function deadLetterOf(broker: Broker, service: string, hash: string): Promise<number | undefined> {
  let after = 0;
  for (let page = 0; page < maxPages; page++) {
    const filter = { group: tellGroup, topic: tellsName(service), after };
    const { letters, next } = await listDeadLetters(broker, filter);
    const found = letters.find(({ id, key, headers }) => {
      const method = headers.get("samspel-method") ?? "";
      return tellToken({ service, method, key: key === "" ? id : key, id }) === hash;
    });
    if (found !== undefined) return found.number;
    if (next === undefined) return undefined;
    after = next;
  }
  return undefined;
}
