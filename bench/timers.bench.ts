// Timers fired per second, and how late: the runner beside the obvious alternative, workers that take one row each with
// `for update skip locked`, update an entity's row, delete the timer's and commit. Those check no revision, keep no
// events and know no commands. The ratio is what counts; the figures depend on the machine.
//   npm run bench -- --long timers
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { create, toBinary } from "@bufbuild/protobuf";
import { RingRequestSchema } from "../test/gen/samspel/test/v1/reminder_pb.ts";
import { defineReminder, noClients } from "../test/support/reminder.ts";
import { createEntityHost } from "../ts-runtime/src/entity/index.ts";
import type { Journal } from "../ts-runtime/src/journal/index.ts";
import { transact, type Database } from "../ts-runtime/src/postgres/index.ts";
import { createTimerAlarm, runTimers } from "../ts-runtime/src/timer/index.ts";
import { median } from "./median.ts";
import { openOwnJournal } from "./own-journal.ts";

interface Contender {
  /** Schedules so many timers, over a tenth as many entities, all due between two times. */
  schedule(count: number, fromMs: number, toMs: number): Promise<void>;
  /** Fires until so many have fired; gives how late each was, in milliseconds. */
  fire(count: number): Promise<readonly number[]>;
}

const lateMs = (dueAtMs: number): number => Math.max(0, Date.now() - dueAtMs);
const dueTimes = (count: number, fromMs: number, toMs: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => Math.round(fromMs + ((toMs - fromMs) * index) / count));

function timersOf(database: Database, journal: Journal): Contender {
  return {
    async schedule(count, fromMs, toMs) {
      const run = randomUUID();
      const entities = Math.ceil(count / 10);
      const times = dueTimes(count, fromMs, toMs);
      await Promise.all(
        Array.from({ length: entities }, (_, entity) =>
          journal.append({
            entityType: "reminder",
            entityId: `${run}-${entity}`,
            expectedRevision: 0n,
            events: [],
            timers: times
              .filter((_, index) => index % entities === entity)
              .map((dueAtMs, index) => ({
                type: "schedule",
                name: String(index),
                due: { at: new Date(dueAtMs) },
                command: "Ring",
                request: toBinary(
                  RingRequestSchema,
                  create(RingRequestSchema, { reminderId: `${run}-${entity}`, note: String(dueAtMs) }),
                ),
              })),
          }),
        ),
      );
    },
    async fire(count) {
      const late: number[] = [];
      const done = new AbortController();
      const entity = defineReminder({
        onRing({ note }) {
          late.push(lateMs(Number(note)));
          if (late.length === count) done.abort();
        },
      });
      using host = createEntityHost({ entity, journal, freeze: false });
      const alarm = createTimerAlarm();
      const { logger } = database;
      await runTimers({ hosts: [host], alarm, database, clients: noClients, logger, signal: done.signal });
      return late;
    },
  };
}

async function plainWorkers(database: Database): Promise<Contender> {
  const { sql } = database;
  await sql`create table plain_timer (id bigint generated always as identity primary key, entity_id text, due_at timestamptz)`;
  await sql`create index on plain_timer (due_at)`;
  await sql`create table plain_entity (id text primary key, fired int not null)`;
  return {
    async schedule(count, fromMs, toMs) {
      const run = randomUUID();
      const entities = Math.ceil(count / 10);
      const times = dueTimes(count, fromMs, toMs);
      await sql`insert into plain_entity select ${run} || '-' || i, 0 from generate_series(0, ${entities - 1}) i`;
      await sql`
        insert into plain_timer (entity_id, due_at)
        select ${run} || '-' || (i - 1) % ${entities}, to_timestamp(ms / 1000)
        from unnest(${[...times]}::float8[]) with ordinality as d (ms, i)`;
    },
    async fire(count) {
      const late: number[] = [];
      const one = (): Promise<boolean> =>
        transact(sql, async (tx) => {
          const [timer] = await tx<{ id: bigint; entity_id: string; due_at: Date }[]>`
            select id, entity_id, due_at from plain_timer where due_at <= clock_timestamp()
            order by due_at limit 1 for update skip locked`;
          if (timer === undefined) return false;
          late.push(lateMs(timer.due_at.getTime()));
          await tx`update plain_entity set fired = fired + 1 where id = ${timer.entity_id}`;
          await tx`delete from plain_timer where id = ${timer.id}`;
          return true;
        });
      const worker = async (): Promise<void> => {
        while (late.length < count) if (!(await one())) await sleep(100);
      };
      await Promise.all(Array.from({ length: 8 }, worker));
      return late;
    },
  };
}

/** All are due at once; gives how many fire in a second. */
async function burst(contender: Contender, count: number): Promise<number> {
  await contender.schedule(count, Date.now() - 1_000, Date.now());
  const startedAtMs = performance.now();
  await contender.fire(count);
  return Math.round((count * 1_000) / (performance.now() - startedAtMs));
}

/** 200 a second are due; gives how late the middle one is and the hundredth of the latest. */
async function steady(contender: Contender, count: number): Promise<string> {
  const startMs = Date.now() + 1_000;
  await contender.schedule(count, startMs, startMs + count * 5);
  const late = (await contender.fire(count)).toSorted((a, b) => a - b);
  return `${median(late)} / ${late[Math.floor(late.length * 0.99)] ?? 0}`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      url: { type: "string", default: process.env["DATABASE_URL"] ?? "" },
      rounds: { type: "string", default: "5" },
      timers: { type: "string", default: "10000" },
    },
  });
  await using own = await openOwnJournal(values.url);
  const { database, journal } = own;
  const ours = timersOf(database, journal);
  const theirs = await plainWorkers(database);
  await burst(ours, 500);
  await burst(theirs, 500);
  const figures = { ours: [] as number[], theirs: [] as number[] };
  for (let i = 0; i < Number(values.rounds); i++) {
    figures.ours.push(await burst(ours, Number(values.timers)));
    figures.theirs.push(await burst(theirs, Number(values.timers)));
  }
  const [rate, plain] = [median(figures.ours), median(figures.theirs)];
  console.log("                        timers   plain workers   ratio");
  console.log(
    `fired/s, all due   ${String(rate).padStart(11)}${String(plain).padStart(16)}${(rate / plain).toFixed(2).padStart(8)}`,
  );
  const late = [await steady(ours, 400), await steady(theirs, 400)].map((figure) => `${figure} ms`);
  console.log(`late, p50 / p99    ${late[0]?.padStart(11)}${late[1]?.padStart(16)}`);
}

await main();
