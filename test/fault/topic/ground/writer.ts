// Writes changes of counters to a source's journal, past its processes, for as long as a test wants.
import { create, toBinary } from "@bufbuild/protobuf";
import type { Test } from "tap";
import { createJournal } from "../../../../ts-runtime/src/journal/index.ts";
import { openDatabase } from "../../../../ts-runtime/src/postgres/index.ts";
import { CounterEventSchema } from "../../../gen/samspel/test/v1/counter_pb.ts";
import { silentLogger } from "../../../support/silent-logger.ts";
import { until } from "../../../support/until.ts";
import type { Written } from "./books.ts";
import type { Pipeline } from "./pipeline.ts";

const counters = 100;
const payload = toBinary(
  CounterEventSchema,
  create(CounterEventSchema, { event: { case: "incremented", value: { amount: 1n } } }),
);

export interface Writer {
  /** How many changes are written so far. */
  readonly count: number;
  readonly written: Written;
  /** Resolves when so many more are written. */
  more(count: number): Promise<void>;
  /** Writes on until there are so many in all, and ends. */
  finish(total: number): Promise<void>;
}

/** Starts to write, about `perSecond` changes, until `finish`. */
export async function startWriter(t: Test, pipeline: Pipeline, perSecond: number): Promise<Writer> {
  const database = await openDatabase({
    url: pipeline.databaseUrl,
    schema: pipeline.schemas.source,
    maxConnections: 2,
    logger: silentLogger,
  });
  const journal = createJournal({ database });
  const written = new Map(Array.from({ length: counters }, (_, index) => [`counter-${index}`, 0]));
  const ids = [...written.keys()];
  const progress = { count: 0, total: Number.POSITIVE_INFINITY };
  let failure: unknown;
  const change = async (id: string): Promise<void> => {
    const last = written.get(id) ?? 0;
    const { type } = await journal.append({
      entityType: "counter",
      entityId: id,
      expectedRevision: BigInt(last),
      events: [{ payload }],
    });
    if (type !== "appended") throw new Error(`A change of ${id} ended as ${type}`);
    written.set(id, last + 1);
    progress.count++;
  };
  const startedAtMs = performance.now();
  const running = (async () => {
    while (progress.count < progress.total) {
      // A round is one change of each counter, so a key has one change under way at a time.
      await Promise.all(ids.map(change));
      if (progress.total !== Number.POSITIVE_INFINITY) continue; // it only fills up now
      const aheadMs = startedAtMs + (progress.count / perSecond) * 1_000 - performance.now();
      if (aheadMs > 0) await new Promise((resolve) => setTimeout(resolve, aheadMs));
    }
  })().catch((error: unknown) => {
    failure = error;
  });
  t.teardown(async () => {
    progress.total = 0;
    await running;
    await journal.close();
    await database.close();
  });
  const check = (): void => {
    if (failure !== undefined) throw new Error("The writer failed", { cause: failure });
  };
  return {
    get count() {
      return progress.count;
    },
    written,
    async more(more) {
      const goal = progress.count + more;
      await until(
        `${more} more changes are written`,
        () => {
          check();
          return progress.count >= goal;
        },
        120_000,
      );
    },
    async finish(all) {
      progress.total = all;
      await running;
      check();
    },
  };
}
