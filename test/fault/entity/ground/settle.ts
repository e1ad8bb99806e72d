// The end of a storm: the books must balance.
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import postgres from "postgres";
import type { Test } from "tap";
import { CounterService } from "../../../gen/samspel/test/v1/counter_pb.ts";
import { until } from "../../../support/until.ts";
import { audit } from "./audit.ts";
import type { Follower } from "./follower.ts";
import { readJournalRows, type JournalRows, type Place } from "./journal-rows.ts";
import { acknowledged, type Ledger } from "./ledger.ts";

export interface Settlement {
  readonly place: Place;
  /** Of instances that run. */
  readonly urls: readonly string[];
  readonly ledger: Ledger;
  readonly follower?: Follower;
  /** Whether the service keeps the projection of the fixture. Default true. */
  readonly projection?: boolean;
}

/** A lease of a killed instance ends after 10 s, on a machine that has other things to do. */
const catchUpMs = 40_000;

/** Asserts that nothing is lost, doubled or out of order. */
export async function settle(t: Test, settlement: Settlement): Promise<JournalRows> {
  const { place, urls, ledger, follower, projection = true } = settlement;
  const rows = await readJournalRows(place);
  t.same(audit(ledger, rows), [], "clients and journal agree");
  const expected = [...rows.events].map(([id, events]) => [id, events.at(-1)?.value ?? 0n] as const);
  for (const url of urls) {
    const client = createClient(CounterService, createGrpcTransport({ baseUrl: url }));
    const states = await Promise.all(
      expected.map(async ([id]) => [id, (await client.getCounter({ counterId: id })).value] as const),
    );
    t.same(states, expected, `the states of ${url} are the folds of the events`);
  }
  if (follower !== undefined) {
    await until("the follower has caught up", () => follower.seen.length >= rows.order.length, catchUpMs);
    t.same(follower.seen, rows.order, "a follower saw each event once, in order");
  }
  if (projection) await projected(t, place, rows);
  const failures = [...ledger.failures].map(([code, count]) => `${code} ${count}`).join(", ") || "none";
  t.comment(
    `${acknowledged(ledger)} of ${ledger.increments.length} increments acknowledged, ${ledger.reads.length} reads, ` +
      `slowest call ${Math.round(ledger.slowestMs)} ms, failures of attempts: ${failures}`,
  );
  return rows;
}

async function projected(t: Test, { url, schema }: Place, rows: JournalRows): Promise<void> {
  const sql = postgres(url, {
    max: 1,
    onnotice: () => {},
    types: { bigint: postgres.BigInt },
    connection: { search_path: `"${schema}"` },
  });
  const expected = [...rows.events]
    .map(([id, events]) => ({
      id,
      value: events.at(-1)?.value,
      revision: BigInt(events.length),
      gaps: 0,
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const read = async (): Promise<readonly object[]> => [
    ...(await sql`select id, value, revision, gaps from tally order by id collate "C"`),
  ];
  try {
    await until(
      "the projection has caught up",
      async () => JSON.stringify(await read(), text) === JSON.stringify(expected, text),
      catchUpMs,
    ).catch(() => {});
    t.same(await read(), expected, "a projection counted each event once, in order");
  } finally {
    await sql.end();
  }
}

const text = (_: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);
