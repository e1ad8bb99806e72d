// What entities cost in memory: live ones, each with its state, and the ones that are stored and not live. The journal
// says nothing of them, so the second is to be nothing.
//   npm run bench -- --long memory
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { parseArgs } from "node:util";
import { create } from "@bufbuild/protobuf";
import { createEntityHost, type EntityHost } from "../ts-runtime/src/entity/index.ts";
import { DepositRequestSchema } from "../test/gen/samspel/test/v1/ledger_pb.ts";
import { ledger, memo } from "./ledger.ts";
import { openOwnJournal } from "./own-journal.ts";

const { values } = parseArgs({
  options: {
    url: { type: "string", default: process.env["DATABASE_URL"] ?? "" },
    live: { type: "string", default: "100000" },
    stored: { type: "string", default: "1000000" },
  },
});
const live = Number(values.live);
const stored = Number(values.stored);
const pageSize = 10_000;

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

function report(what: string, count: number, bytes: number): void {
  console.log(
    `${`${count} ${what}`.padEnd(44)}${(bytes / count).toFixed(0).padStart(8)} bytes each${(bytes / 2 ** 20).toFixed(1).padStart(8)} MiB in all`,
  );
}

const ids = (name: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${name}-${index}`);

async function main(): Promise<void> {
  await using own = await openOwnJournal(values.url);
  const { journal, logger } = own;
  const open = (maxLive: number): EntityHost =>
    createEntityHost({
      entity: ledger,
      journal,
      freeze: false,
      logger,
      maxLive,
      passivateAfterMs: 3_600_000,
    });
  using warm = open(1_000);
  await touch(warm, ids("warm", 2_000));
  using host = open(live);
  const before = memoryNow();
  await touch(host, ids("live", live));
  report("live entities", live, memoryNow() - before);
  host[Symbol.dispose]();

  const beforeStored = memoryNow();
  for (let first = 0; first < stored; first += pageSize) {
    await touch(warm, ids(`stored-${first}`, Math.min(pageSize, stored - first)));
  }
  report("stored entities, 1,000 of them live", stored, memoryNow() - beforeStored);
}

await main();
