// Appends per second: the journal beside the obvious alternative, one insert per event with the same driver, in
// interleaved rounds of one run. The ratio is what counts; the figures depend on the machine.
//   npm run bench -- --long journal
import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import type { Journal } from "../ts-runtime/src/journal/index.ts";
import type { Database } from "../ts-runtime/src/postgres/index.ts";
import { median } from "./median.ts";
import { openOwnJournal } from "./own-journal.ts";

type AppendOne = (entityId: string, revision: bigint) => Promise<unknown>;

const payload = Buffer.alloc(200, 7);
const metadata = { traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" };
const concurrencies: readonly number[] = [1, 64, 256];

function journalAppend(journal: Journal): AppendOne {
  return (entityId, revision) =>
    journal.append({
      entityType: "bench",
      entityId,
      expectedRevision: revision - 1n,
      events: [{ payload }],
      metadata,
      incarnation: journal.incarnation,
    });
}

function insertPerEvent({ sql }: Database): AppendOne {
  return (entityId, revision) => sql`
    insert into event (entity_type, entity_id, revision, slice, append_id, payload, metadata)
    values ('bench', ${entityId}, ${revision}, 0, ${randomUUID()}, ${payload}, ${sql.json(metadata)})`;
}

/** So many entities append one event after the other for a while; gives appends per second. */
async function round(append: AppendOne, inFlight: number, forMs: number): Promise<number> {
  const run = randomUUID();
  const startedAtMs = performance.now();
  let appended = 0;
  await Promise.all(
    Array.from({ length: inFlight }, async (_, entity) => {
      for (let revision = 1n; performance.now() - startedAtMs < forMs; revision++) {
        await append(`${run}-${entity}`, revision);
        appended++;
      }
    }),
  );
  return Math.round((appended * 1_000) / (performance.now() - startedAtMs));
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      url: { type: "string", default: process.env["DATABASE_URL"] ?? "" },
      rounds: { type: "string", default: "5" },
      ms: { type: "string", default: "600" },
    },
  });
  await using own = await openOwnJournal(values.url);
  const { database, journal } = own;
  const contenders = { journal: journalAppend(journal), insert: insertPerEvent(database) };
  await round(contenders.journal, 64, Number(values.ms));
  await round(contenders.insert, 64, Number(values.ms));
  console.log("in flight   journal/s   insert per event/s   ratio");
  for (const inFlight of concurrencies) {
    const figures = { journal: [] as number[], insert: [] as number[] };
    for (let i = 0; i < Number(values.rounds); i++) {
      figures.journal.push(await round(contenders.journal, inFlight, Number(values.ms)));
      figures.insert.push(await round(contenders.insert, inFlight, Number(values.ms)));
    }
    const [ours, theirs] = [median(figures.journal), median(figures.insert)];
    console.log(
      `${String(inFlight).padStart(9)}${String(ours).padStart(12)}${String(theirs).padStart(21)}${(ours / theirs).toFixed(2).padStart(8)}`,
    );
  }
}

await main();
