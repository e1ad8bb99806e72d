// What entities cost in memory: live ones, each with its state, and the ones that are stored and not live. The journal
// says nothing of them, so the second is to be nothing.
//   npm run bench -- --long memory
import { randomUUID } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { parseArgs } from "node:util";
import { create } from "@bufbuild/protobuf";
import { createEntityHost, type EntityHost } from "../ts-runtime/src/entity/index.ts";
import { createJournal } from "../ts-runtime/src/journal/index.ts";
import { migrate, openDatabase } from "../ts-runtime/src/postgres/index.ts";
import { createLogger } from "../ts-runtime/src/telemetry/index.ts";
import { DepositRequestSchema } from "../test/gen/samspel/test/v1/ledger_pb.ts";
import { ledger, memo } from "./ledger.ts";

const { values } = parseArgs({
  options: {
    url: { type: "string", default: process.env["DATABASE_URL"] ?? "" },
    entities: { type: "string", default: "100000" },
  },
});
const count = Number(values.entities);
const logger = createLogger({ service: "bench", level: "warn" });

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

/** What lives on the heap and beside it, in bytes. */
function memoryNow(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function touch(host: EntityHost, ids: readonly string[]): Promise<void> {
  const signal = new AbortController().signal;
  const requestHeader = new Headers();
  for (let first = 0; first < ids.length; first += 1_000) {
    await Promise.all(
      ids.slice(first, first + 1_000).map((accountId) =>
        host.ask({
          command: "deposit",
          entityId: accountId,
          request: create(DepositRequestSchema, { accountId, amount: 5n, memo }),
          commandId: undefined,
          client: () => {
            throw new TypeError("An account calls nobody");
          },
          signal,
          requestHeader,
        }),
      ),
    );
  }
}

function report(what: string, bytes: number): void {
  console.log(
    `${what.padEnd(44)}${(bytes / count).toFixed(0).padStart(8)} bytes each${(bytes / 2 ** 20).toFixed(1).padStart(8)} MiB in all`,
  );
}

async function main(): Promise<void> {
  const schema = `bench_${randomUUID().replaceAll("-", "")}`;
  const database = await openDatabase({ url: values.url, schema, logger });
  await migrate(database);
  const journal = createJournal({ database });
  const open = (maxLive: number): EntityHost =>
    createEntityHost({
      entity: ledger,
      journal,
      freeze: false,
      logger,
      maxLive,
      passivateAfterMs: 3_600_000,
    });
  const ids = Array.from({ length: count }, (_, index) => `account-${index}`);
  try {
    using warm = open(1_000);
    await touch(
      warm,
      Array.from({ length: 2_000 }, (_, index) => `warm-${index}`),
    );
    using host = open(count);
    const before = memoryNow();
    await touch(host, ids);
    report(`${count} live entities`, memoryNow() - before);
    host[Symbol.dispose]();
    report(`${count} stored entities, none of them live`, memoryNow() - before);
  } finally {
    await journal.close();
    await database.sql`drop schema ${database.sql(schema)} cascade`;
    await database.close();
  }
}

await main();
