// Dead letters, for those who look after them: list, look at, drop.
//
// A letter is known by its number in the stream of dead letters. It never changes; what failed again since is noted
// beside it, in the bucket of the consumers, and goes with it.
import type { StoredMsg } from "nats";
import { SamspelError } from "../errors/index.ts";
import { apiErrorOf, noMessageFound, streamNotFound } from "./api-error.ts";
import type { Broker } from "./broker.ts";
import { bucketName, isBucketMissing, openEntries, type Entries, type Entry } from "./consume/entries.ts";
import type { FailedAttempt } from "./consume/group-entries.ts";
import { readHeaders, type TopicHeaders } from "./headers.ts";
import { deadLetterStream } from "./stream.ts";

/** A message that a group gave up. */
export interface DeadLetter {
  /** Its number among the dead letters, which does not change. */
  readonly number: number;
  readonly group: string;
  /** The topic's name. */
  readonly topic: string;
  /** Where the message was: the stream, its number there, and its subject. */
  readonly stream: string;
  readonly sequence: number;
  readonly subject: string;
  /** The message's own id. */
  readonly id: string;
  readonly key: string;
  /** Full name of the message's type. */
  readonly type: string;
  /** The latest one, in one line. */
  readonly error: string;
  /** How often it was tried in all. */
  readonly attempts: number;
  readonly parkedAt: Date;
  /** The latest failed attempts, the oldest first. */
  readonly history: readonly FailedAttempt[];
  /** The message's, by name in lower case, without what the dead letter adds. */
  readonly headers: TopicHeaders;
  readonly body: Uint8Array;
}

/** Which dead letters: those of a group, of a topic, or all. */
export interface DeadLetterFilter {
  readonly group?: string;
  readonly topic?: string;
}

export interface DeadLetterPage {
  /** The oldest first. */
  readonly letters: readonly DeadLetter[];
  /** The number to go on after; undefined after the last page. */
  readonly next: number | undefined;
}

/** What failed again of a letter. */
interface LetterNote {
  readonly attempts: number;
  readonly history: readonly FailedAttempt[];
}

const maxHistory = 8;
const notesPrefix = "letter";
const own = "samspel-";
/** What a dead letter adds; a message may have other headers of the toolkit, such as a tell's. */
const added: ReadonlySet<string> = new Set(
  ["error", "attempts", "group", "stream", "sequence", "subject", "history"].map((name) => `${own}${name}`),
);

/** Lists dead letters, page by page. */
export async function listDeadLetters(
  broker: Broker,
  options: DeadLetterFilter & {
    /** The last number of the page before. Default 0. */
    readonly after?: number;
    /** Default 100. */
    readonly limit?: number;
  } = {},
): Promise<DeadLetterPage> {
  const { after = 0, limit = 100 } = options;
  const subject = subjectsOf(broker, options);
  const notes = await notesOf(broker).readAll(notesPrefix).catch(withoutBucket(new Map<string, Entry>()));
  const letters: DeadLetter[] = [];
  for (let number = after + 1; letters.length <= limit;) {
    const stored = await getLetter(broker, { seq: number, next_by_subj: subject });
    if (stored === undefined) return { letters, next: undefined };
    if (letters.length === limit) break;
    const note = notes.get(String(stored.seq));
    letters.push(letterOf(broker, stored, note && parseNote(note.body)));
    number = stored.seq + 1;
  }
  return { letters, next: letters.at(-1)?.number };
}

/**
 * Reads one dead letter.
 * @throws SAMSPEL_NOT_FOUND where there is none of that number.
 */
export async function readDeadLetter(broker: Broker, number: number): Promise<DeadLetter> {
  const stored = await getLetter(broker, { seq: number });
  if (stored === undefined) throw noLetter(number);
  const note = await notesOf(broker).read(`${notesPrefix}.${number}`).catch(withoutBucket(undefined));
  return letterOf(broker, stored, note && parseNote(note.body));
}

/**
 * Drops one dead letter.
 * @throws SAMSPEL_NOT_FOUND where there is none of that number.
 */
export async function dropDeadLetter(broker: Broker, number: number): Promise<void> {
  try {
    await broker.manager.streams.deleteMessage(deadLetterStream(broker.prefix), number, false);
  } catch (error) {
    if (isAbsent(error)) throw noLetter(number);
    throw error;
  }
  await notesOf(broker).remove(`${notesPrefix}.${number}`).catch(withoutBucket(undefined));
}

/** Drops all dead letters of a group, of a topic, or all there are; returns how many. */
export async function dropDeadLetters(broker: Broker, filter: DeadLetterFilter): Promise<number> {
  const letters = await numbersOf(broker, filter);
  for (const number of letters) {
    await dropDeadLetter(broker, number).catch((error: unknown) => {
      if (!(error instanceof SamspelError && error.code === "SAMSPEL_NOT_FOUND")) throw error;
    });
  }
  return letters.length;
}

/** The numbers of the dead letters that there are, in order. */
export async function numbersOf(broker: Broker, filter: DeadLetterFilter): Promise<readonly number[]> {
  const subject = subjectsOf(broker, filter);
  const numbers: number[] = [];
  for (let number = 1; ;) {
    const stored = await getLetter(broker, { seq: number, next_by_subj: subject });
    if (stored === undefined) return numbers;
    numbers.push(stored.seq);
    number = stored.seq + 1;
  }
}

/** Notes that a letter failed again. */
export async function noteFailure(broker: Broker, letter: DeadLetter, error: string): Promise<void> {
  const note: LetterNote = {
    attempts: letter.attempts + 1,
    history: [...letter.history, { at: new Date().toISOString(), error }].slice(-maxHistory),
  };
  await notesOf(broker).write(`${notesPrefix}.${letter.number}`, note);
}

function notesOf(broker: Broker): Entries {
  return openEntries(broker, bucketName);
}

/** Groups of other languages make no bucket. */
function withoutBucket<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if (isBucketMissing(error)) return instead;
    throw error;
  };
}

function parseNote(body: Uint8Array): LetterNote {
  return JSON.parse(Buffer.from(body).toString("utf8")) as LetterNote;
}

function subjectsOf({ prefix }: Broker, { group = "*", topic = ">" }: DeadLetterFilter): string {
  return `${prefix}dead.${group}.${topic}`;
}

type LetterQuery = { readonly seq: number; readonly next_by_subj?: string };

async function getLetter({ manager, prefix }: Broker, query: LetterQuery): Promise<StoredMsg | undefined> {
  try {
    return await manager.streams.getMessage(deadLetterStream(prefix), query);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function isAbsent(error: unknown): boolean {
  const number = apiErrorOf(error);
  return number === noMessageFound || number === streamNotFound || number === 10_057 || number === 10_043;
}

function noLetter(number: number): SamspelError {
  return new SamspelError(
    "SAMSPEL_NOT_FOUND",
    `There is no dead letter ${number}: it was handled or dropped, or never was`,
  );
}

function letterOf({ prefix }: Broker, stored: StoredMsg, note: LetterNote | undefined): DeadLetter {
  const all = readHeaders(stored.header);
  const header = (name: string): string => all.get(`${own}${name}`) ?? "";
  const group = header("group");
  const headers = new Map([...all].filter(([name]) => !added.has(name) && !name.startsWith("nats-")));
  const history = note?.history ?? parseHistory(header("history"));
  return {
    number: stored.seq,
    group,
    topic: stored.subject.slice(`${prefix}dead.${group}.`.length),
    stream: header("stream"),
    sequence: Number(header("sequence")),
    subject: header("subject"),
    id: headers.get("ce-id") ?? `${header("stream")}/${header("sequence")}`,
    key: headers.get("ce-partitionkey") ?? "",
    type: headers.get("ce-type") ?? "",
    error: note?.history.at(-1)?.error ?? header("error"),
    attempts: note?.attempts ?? Number(header("attempts")),
    parkedAt: stored.time,
    history,
    headers,
    body: stored.data,
  };
}

/** Letters of other languages have none. */
function parseHistory(text: string): readonly FailedAttempt[] {
  if (text === "") return [];
  try {
    return JSON.parse(text) as readonly FailedAttempt[];
  } catch {
    return [];
  }
}
