import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import t from "tap";
import { createLogger } from "../telemetry/index.ts";
import { createBounded } from "./bounded.ts";
import type { Sql } from "./database.ts";
import { createSockets } from "./socket.ts";

const logger = createLogger({ service: "test", level: "silent" });
const bounded = createBounded({
  sql: (() => {}) as unknown as Sql,
  sockets: createSockets(),
  patienceMs: 4_000,
  logger,
});

/** Collects garbage: all of it, or what is young. */
type CollectGarbage = (options?: { readonly type: "minor" }) => void;

function grownOldBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === "old_space")?.space_used_size ?? 0;
}

t.test(
  "bounded() holds nothing of statements that have ended, however old their set has grown",
  async (t) => {
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as CollectGarbage;
    const hanging = Promise.withResolvers<void>();
    const first = bounded(() => hanging.promise);
    collectGarbage();
    const before = grownOldBytes();
    for (let round = 0; round < 100; round++) {
      await Promise.all(
        Array.from({ length: 10 }, async (_, index) => {
          const rows = Array.from({ length: 1_000 }, (_, row) => round + index + row);
          await bounded(async () => await Promise.resolve(rows));
        }),
      );
      collectGarbage({ type: "minor" });
    }
    const grownMiB = (grownOldBytes() - before) / 1024 ** 2;
    t.ok(grownMiB < 2, `of 8 MiB of rows, ${grownMiB.toFixed(1)} MiB are still there`);
    hanging.resolve();
    await first;
  },
);

t.test("bounded() rejects with what a statement throws at once", async (t) => {
  const error = new TypeError("no such column");
  const thrown = bounded(() => {
    throw error;
  });
  await t.rejects(thrown, error);
});
