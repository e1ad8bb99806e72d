// A journal of a test's own, and as many more "processes" on the same schema as the test opens.
import postgres from "postgres";
import type { Test } from "tap";
import {
  createJournal,
  type Append,
  type Journal,
  type JournalOptions,
} from "../../ts-runtime/src/journal/index.ts";
import { migrate, openDatabase, type Database } from "../../ts-runtime/src/postgres/index.ts";
import type { Logger } from "../../ts-runtime/src/telemetry/index.ts";
import { databaseUrl } from "./environment.ts";
import { testSchema } from "./isolation.ts";
import { silentLogger } from "./silent-logger.ts";

export interface Process {
  readonly database: Database;
  readonly journal: Journal;
}

export interface JournalFixture extends Process {
  readonly schema: string;
  /** Another process on the same schema; it ends with the test. */
  readonly open: (options?: Omit<JournalOptions, "database">) => Promise<Process>;
}

export interface ProcessOptions extends Omit<JournalOptions, "database"> {
  /** Default: the test run's. */
  readonly url?: string;
  readonly schema: string;
  readonly logger?: Logger;
}

/** Opens a journal as a process of its own would; it ends with the test. */
export async function openProcess(
  t: Test,
  { url = databaseUrl(), schema, logger = silentLogger, ...options }: ProcessOptions,
): Promise<Process> {
  const database = await openDatabase({ url, schema, maxConnections: 4, logger });
  await migrate(database);
  const journal = createJournal({ database, ...options });
  t.teardown(async () => {
    await journal.close();
    await database.close();
  });
  return { database, journal };
}

/** Opens a journal in a fresh schema. */
export async function openJournal(
  t: Test,
  options: Omit<JournalOptions, "database"> = {},
): Promise<JournalFixture> {
  const schema = testSchema(t);
  const open = (options: Omit<JournalOptions, "database"> = {}): Promise<Process> =>
    openProcess(t, { ...options, schema });
  return { schema, open, ...(await open(options)) };
}

/** An append of one event to a counter. */
export function appendOf(entityId: string, expectedRevision: bigint, rest: Partial<Append> = {}): Append {
  return {
    entityType: "counter",
    entityId,
    expectedRevision,
    events: [{ payload: Buffer.from(`${entityId}/${expectedRevision + 1n}`) }],
    ...rest,
  };
}

/** All that an iterable gives. */
export async function collect<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Ends all connections of a schema's processes, the listening ones too, as a restart of Postgres would. */
export async function cutConnections(schema: string): Promise<number> {
  const admin = postgres(databaseUrl(), { max: 1, onnotice: () => {} });
  const cut = await admin`
    select pg_terminate_backend(pid) from pg_stat_activity where application_name = ${`samspel ${schema}`}`;
  await admin.end();
  return cut.length;
}
