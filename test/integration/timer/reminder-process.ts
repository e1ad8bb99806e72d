// An instance of its own process, for tests that kill one: `node reminder-process.ts <schema> <before|after>`. It fires
// the timers of the schema, and is killed by its own hand right before or right after the first commit.
import process from "node:process";
import { createEntityHost } from "../../../ts-runtime/src/entity/index.ts";
import { createJournal } from "../../../ts-runtime/src/journal/index.ts";
import { openDatabase } from "../../../ts-runtime/src/postgres/index.ts";
import { createTimerAlarm, runTimers } from "../../../ts-runtime/src/timer/index.ts";
import { databaseUrl } from "../../support/environment.ts";
import { defineReminder, noClients } from "../../support/reminder.ts";
import { silentLogger } from "../../support/silent-logger.ts";

// The parent is gone: nobody would stop this process.
process.once("disconnect", () => process.exit());

const [schema = "", moment] = process.argv.slice(2);
const database = await openDatabase({ url: databaseUrl(), schema, logger: silentLogger });
const journal = createJournal({ database });
const host = createEntityHost({
  entity: defineReminder(),
  journal: {
    ...journal,
    async append(append) {
      if (moment === "before") process.kill(process.pid, "SIGKILL");
      const result = await journal.append(append);
      if (result.type === "appended") process.kill(process.pid, "SIGKILL");
      return result;
    },
  },
});
await runTimers({
  hosts: [host],
  alarm: createTimerAlarm(),
  database,
  clients: noClients,
  logger: silentLogger,
  signal: new AbortController().signal,
  claimMs: 1_000,
});
