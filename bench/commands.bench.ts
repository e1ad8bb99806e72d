// Commands of entities in this process, beside what one would do instead, in interleaved rounds of one run:
//   limit    raw multi-row inserts with `pg`, binary, one statement for all that wait: it checks and answers nothing
//   insert   one insert, and so one transaction, per event, with the driver that we use
//   emmett   the command handler of @event-driven-io/emmett-postgresql
// The ratios are what counts, and the processor time of this process for one, which other work on the machine disturbs
// less. Last, latencies of commands and of single inserts at half of what the insert can do.
//   npm run bench -- --long commands
import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { create, toBinary } from "@bufbuild/protobuf";
import { createEntityHost, type EntityHost } from "../ts-runtime/src/entity/index.ts";
import { createJournal } from "../ts-runtime/src/journal/index.ts";
import { migrate, openDatabase, type Database } from "../ts-runtime/src/postgres/index.ts";
import { createLogger } from "../ts-runtime/src/telemetry/index.ts";
import { AccountEventSchema, DepositRequestSchema } from "../test/gen/samspel/test/v1/ledger_pb.ts";
import { ledger, memo } from "./ledger.ts";
import { closedLoop, middle, middleP99Ms, openLoop, type Load, type Work } from "./load.ts";
import { createEmmett } from "./peers/emmett.ts";
import { createGroupInsert } from "./peers/group-insert.ts";

const { values } = parseArgs({
  options: {
    url: { type: "string", default: process.env["DATABASE_URL"] ?? "" },
    rounds: { type: "string", default: "5" },
    ms: { type: "string", default: "2000" },
  },
});
const rounds = Number(values.rounds);
const ms = Number(values.ms);
const concurrencies: readonly number[] = [1, 64, 256];
const logger = createLogger({ service: "bench", level: "warn" });
const payload = toBinary(
  AccountEventSchema,
  create(AccountEventSchema, { event: { case: "deposited", value: { amount: 5n, memo } } }),
);

async function openSchema(): Promise<Database> {
  const schema = `bench_${randomUUID().replaceAll("-", "")}`;
  const database = await openDatabase({ url: values.url, schema, logger });
  await migrate(database);
  return database;
}

function commandsOf(host: EntityHost): Work {
  const circumstances = {
    commandId: undefined,
    client: () => {
      throw new TypeError("An account calls nobody");
    },
    signal: new AbortController().signal,
    requestHeader: new Headers(),
  };
  return (accountId) =>
    host.ask({
      command: "deposit",
      entityId: accountId,
      request: create(DepositRequestSchema, { accountId, amount: 5n, memo }),
      ...circumstances,
    });
}

function insertPerEvent({ sql }: Database): Work {
  return (entityId, revision) => sql`
    insert into event (entity_type, entity_id, revision, slice, append_id, payload)
    values ('bench', ${entityId}, ${revision}, 7, ${randomUUID()}, ${payload})`;
}

type Name = "commands" | "limit" | "insert" | "emmett";

async function compare(contenders: Readonly<Record<Name, Work>>): Promise<number> {
  const names = Object.keys(contenders) as Name[];
  for (const name of names) await closedLoop(contenders[name], 64, ms / 4);
  console.log(
    "in flight  commands/s  p50 ms  p99 ms  cpu µs   limit/s  ratio  cpu µs  insert/s  ratio  emmett/s  ratio",
  );
  let insertsPerSecond = 0;
  for (const inFlight of concurrencies) {
    const loads: Record<Name, Load[]> = { commands: [], limit: [], insert: [], emmett: [] };
    for (let round = 0; round < rounds; round++)
      for (const name of names) loads[name].push(await closedLoop(contenders[name], inFlight, ms));
    const [ours, limit, insert, emmett] = [
      middle(loads.commands),
      middle(loads.limit),
      middle(loads.insert),
      middle(loads.emmett),
    ];
    if (inFlight === 64) insertsPerSecond = insert.perSecond;
    const beside = ({ perSecond }: Load, width: number): string =>
      perSecond.toFixed(0).padStart(width) + (ours.perSecond / perSecond).toFixed(2).padStart(7);
    console.log(
      String(inFlight).padStart(9) +
        ours.perSecond.toFixed(0).padStart(12) +
        ours.p50Ms.toFixed(2).padStart(8) +
        ours.p99Ms.toFixed(2).padStart(8) +
        ours.cpuMicros.toFixed(1).padStart(8) +
        beside(limit, 10) +
        limit.cpuMicros.toFixed(1).padStart(8) +
        beside(insert, 10) +
        beside(emmett, 10),
    );
  }
  return insertsPerSecond;
}

async function compareLatencies(contenders: Readonly<Record<Name, Work>>, perSecond: number): Promise<void> {
  const loads = { commands: [] as Load[], insert: [] as Load[] };
  for (let round = 0; round < rounds; round++) {
    loads.commands.push(await openLoop(contenders.commands, perSecond, ms));
    loads.insert.push(await openLoop(contenders.insert, perSecond, ms));
  }
  const [ours, theirs] = [middleP99Ms(loads.commands), middleP99Ms(loads.insert)];
  console.log(
    `\nat ${perSecond.toFixed(0)} a second: p99 of commands ${ours.toFixed(2)} ms, of inserts ${theirs.toFixed(2)} ms, ratio ${(ours / theirs).toFixed(2)}`,
  );
}

async function main(): Promise<void> {
  const [own, limited, inserted] = [await openSchema(), await openSchema(), await openSchema()];
  const journal = createJournal({ database: own });
  const host = createEntityHost({ entity: ledger, journal, freeze: false, logger });
  const limit = await createGroupInsert(values.url, limited.schema);
  const emmett = await createEmmett(values.url);
  try {
    const contenders: Readonly<Record<Name, Work>> = {
      commands: commandsOf(host),
      limit: (entityId, revision) => limit.insert(entityId, revision, payload),
      insert: insertPerEvent(inserted),
      emmett: (accountId) => emmett.deposit(accountId, 5, memo),
    };
    const insertsPerSecond = await compare(contenders);
    await compareLatencies(contenders, insertsPerSecond / 2);
  } finally {
    host[Symbol.dispose]();
    await Promise.all([journal.close(), limit.close(), emmett.close()]);
    for (const { sql, schema } of [own, limited, inserted]) await sql`drop schema ${sql(schema)} cascade`;
    await Promise.all([own.close(), limited.close(), inserted.close()]);
  }
}

await main();
