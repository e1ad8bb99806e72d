// A journal for one measurement, in a schema of its own that goes with it.
import { randomUUID } from "node:crypto";
import { createJournal, type Journal } from "../ts-runtime/src/journal/index.ts";
import { migrate, openDatabase, type Database } from "../ts-runtime/src/postgres/index.ts";
import { createLogger, type Logger } from "../ts-runtime/src/telemetry/index.ts";

export interface OwnJournal extends AsyncDisposable {
  readonly database: Database;
  readonly journal: Journal;
  readonly logger: Logger;
}

/** Opens a journal in a fresh schema of the database; disposing it drops the schema. */
export async function openOwnJournal(url: string): Promise<OwnJournal> {
  const schema = `bench_${randomUUID().slice(0, 8)}`;
  const logger = createLogger({ service: "bench", level: "warn" });
  const database = await openDatabase({ url, schema, logger });
  await migrate(database);
  const journal = createJournal({ database });
  return {
    database,
    journal,
    logger,
    async [Symbol.asyncDispose]() {
      await journal.close();
      await database.sql.unsafe(`drop schema "${schema}" cascade`);
      await database.close();
    },
  };
}
