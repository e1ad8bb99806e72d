// A process of its own that runs the projection `totals`, for tests that freeze one: `node project-process.ts <schema>
// <entity>`. It freezes itself in the middle of a transaction, when it has applied an event of that entity.
import process from "node:process";
import { createCluster } from "../../../ts-runtime/src/cluster/index.ts";
import { createJournal } from "../../../ts-runtime/src/journal/index.ts";
import { openDatabase } from "../../../ts-runtime/src/postgres/index.ts";
import { project, runProjection } from "../../../ts-runtime/src/projection/index.ts";
import { defineCounter } from "../../support/counter.ts";
import { databaseUrl } from "../../support/environment.ts";
import { add, setup } from "../../support/projection.ts";
import { silentLogger as logger } from "../../support/silent-logger.ts";

// The parent is gone: nobody would stop this process.
process.once("disconnect", () => process.exit());

const [schema = "", frozenAt] = process.argv.slice(2);
const database = await openDatabase({ url: databaseUrl(), schema, logger });
let wasFrozen = false;
await runProjection({
  projection: project("totals", defineCounter(), {
    setup,
    events: {
      async incremented(event, context) {
        await add(event, context);
        if (wasFrozen || context.entityId !== frozenAt) return;
        wasFrozen = true;
        process.send?.("frozen");
        process.kill(process.pid, "SIGSTOP");
      },
    },
  }),
  database,
  journal: createJournal({ database }),
  cluster: createCluster({ database, instance: "frozen", logger, ttlMs: 2_000 }),
  logger,
  signal: new AbortController().signal,
});
