import t from "tap";
import { grownOldMiB } from "../../../test/support/generations.ts";
import { createLogger } from "../telemetry/index.ts";
import { createBounded } from "./bounded.ts";
import type { Sql } from "./database.ts";
import { createSockets } from "./socket.ts";

const logger = createLogger({ service: "test", level: "silent" });
const bounded = createBounded({
  connections: Array.from({ length: 11 }, () => (() => {}) as unknown as Sql),
  sockets: createSockets(),
  patienceMs: 4_000,
  logger,
});

t.test(
  "bounded() holds nothing of statements that have ended, however old their list has grown",
  async (t) => {
    const hanging = Promise.withResolvers<void>();
    const first = bounded(() => hanging.promise);
    const grownMiB = await grownOldMiB(100, async (turn) => {
      await Promise.all(
        Array.from({ length: 10 }, async (_, index) => {
          const rows = Array.from({ length: 1_000 }, (_, row) => turn + index + row);
          await bounded(async () => await Promise.resolve(rows));
        }),
      );
    });
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

t.test("bounded() does not run what it refused while all connections were taken (B1)", async (t) => {
  const impatient = createBounded({
    connections: [(() => {}) as unknown as Sql],
    sockets: createSockets(),
    patienceMs: 20,
    logger,
  });
  const hanging = Promise.withResolvers<void>();
  const first = impatient(() => hanging.promise);
  await t.rejects(
    impatient(async () => t.fail("it runs")),
    { code: "NO_ANSWER" },
  );
  await t.rejects(first, { code: "NO_ANSWER" });
  hanging.resolve();
  t.equal(await impatient(async () => "the connection is there again"), "the connection is there again");
});
