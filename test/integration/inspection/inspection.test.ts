// samspel.v1.InspectionService through a real service, by gRPC.
import { Code, createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import { startService, type RunningService, type ServiceOptions } from "@samspel/runtime";
import { Count_Precision, InspectionService } from "@samspel/runtime/gen/samspel/v1/inspection_pb.js";
import postgres from "postgres";
import t, { type Test } from "tap";
import { createLogger } from "../../../ts-runtime/src/telemetry/index.ts";
import { CounterService } from "../../gen/samspel/test/v1/counter_pb.ts";
import { defineCounter } from "../../support/counter.ts";
import { databaseUrl } from "../../support/environment.ts";
import { testSchema } from "../../support/isolation.ts";
import { silentLogger } from "../../support/silent-logger.ts";

const registry = await startEmbeddedRegistry();
t.teardown(() => registry.close());

interface Inspected {
  readonly service: RunningService;
  readonly counters: Client<typeof CounterService>;
  readonly inspection: Client<typeof InspectionService>;
  readonly sql: postgres.Sql;
}

/** A service of counters, and SQL on what it has stored. */
async function start(t: Test, options: Partial<ServiceOptions> = {}): Promise<Inspected> {
  const schema = testSchema(t);
  const service = await startService({
    name: "counter",
    entities: [defineCounter({ snapshotEvery: 5 })],
    databaseUrl: databaseUrl(),
    registryUrl: registry.url,
    schema,
    ownsProcess: false,
    logger: silentLogger,
    ...options,
  });
  const sql = postgres(databaseUrl(), { max: 1, onnotice: () => {}, connection: { search_path: schema } });
  t.teardown(async () => {
    await service.stop();
    await sql.end();
  });
  const transport = createGrpcTransport({ baseUrl: `http://${service.host}:${service.port}` });
  const counters = createClient(CounterService, transport);
  return { service, counters, inspection: createClient(InspectionService, transport), sql };
}

async function count(
  counters: Client<typeof CounterService>,
  counterId: string,
  times: number,
): Promise<void> {
  for (let i = 0; i < times; i++) await counters.increment({ counterId, amount: 2n });
}

t.test("listEntityTypes() says what the types are, and how much there is of each", async (t) => {
  const { inspection, counters } = await start(t);
  await count(counters, "a", 3);
  await count(counters, "b", 1);
  const { entityTypes } = await inspection.listEntityTypes({});
  t.match(entityTypes, [
    {
      name: "counter",
      service: "samspel.test.v1.CounterService",
      stateType: "samspel.test.v1.Counter",
      eventType: "samspel.test.v1.CounterEvent",
      eventCases: ["incremented", "wasReset"],
      commands: [
        { name: "Increment", requestType: "samspel.test.v1.IncrementRequest", readOnly: false },
        { name: "Reset" },
        { name: "GetCounter", readOnly: true },
      ],
      entities: { value: 2n, precision: Count_Precision.EXACT },
      events: { value: 4n, precision: Count_Precision.EXACT },
    },
  ]);
});

t.test(
  "listEntities() gives the entities with a prefix, page by page, by the bytes of their ids",
  async (t) => {
    const { inspection, counters } = await start(t);
    const ids = ["b-2", "B-1", "b-10", "b-1", "b", "a", "ö-1", "b-😀"];
    await Promise.all(ids.map((id, index) => count(counters, id, index + 1)));
    const found: string[] = [];
    let pageToken = "";
    do {
      const page = await inspection.listEntities({
        entityType: "counter",
        idPrefix: "b",
        limit: 2,
        pageToken,
      });
      t.ok(page.entities.length <= 2);
      found.push(...page.entities.map(({ entityId, revision }) => `${entityId} ${revision}`));
      t.ok(page.entities.every(({ lastEventTime }) => lastEventTime !== undefined));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    t.same(found, ["b 5", "b-1 4", "b-10 3", "b-2 1", "b-😀 8"]);
    const all = await inspection.listEntities({ entityType: "counter" });
    t.same(
      all.entities.map(({ entityId }) => entityId),
      ids.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    );
    t.equal(all.nextPageToken, "");
  },
);

t.test("getHistory() gives events with the state after each, page by page", async (t) => {
  const { inspection, counters } = await start(t);
  await count(counters, "a", 6);
  await counters.reset({ counterId: "a" });
  const first = await inspection.getHistory({ entityType: "counter", entityId: "a", limit: 4 });
  t.match(first.entries[0], {
    revision: 1n,
    position: /^\d+-\d+$/,
    recordedAt: { seconds: BigInt },
    erased: false,
    unknown: undefined,
    problem: "",
    events: [{ case: "incremented", type: "samspel.test.v1.Incremented", value: { amount: "2" } }],
    state: { value: "2" },
  });
  const { pageToken } = { pageToken: first.nextPageToken };
  const second = await inspection.getHistory({ entityType: "counter", entityId: "a", limit: 4, pageToken });
  t.same(
    [...first.entries, ...second.entries].map(
      ({ revision, state }) => `${revision} ${JSON.stringify(state)}`,
    ),
    [2, 4, 6, 8, 10, 12].map((value, index) => `${index + 1} {"value":"${value}"}`).concat("7 {}"),
  );
  t.equal(second.nextPageToken, "");
  t.same(second.entries.at(-1)?.events[0]?.case, "wasReset");

  const bare = await inspection.getHistory({
    entityType: "counter",
    entityId: "a",
    afterRevision: 5n,
    omitStates: true,
  });
  t.match(bare.entries, [{ revision: 6n, state: undefined }, { revision: 7n }]);
  t.same((await inspection.getHistory({ entityType: "counter", entityId: "nobody" })).entries, []);
});

t.test("getHistory() marks what was erased and what it does not know, and shows the rest", async (t) => {
  const { inspection, counters, sql } = await start(t);
  await count(counters, "a", 4);
  await sql`delete from snapshot`;
  await sql`update event set payload = '' where revision = 2`;
  const unknown = Buffer.from([0x7a, 0x02, 0x08, 0x01]);
  await sql`update event set payload = ${unknown} where revision = 3`;
  const { entries } = await inspection.getHistory({ entityType: "counter", entityId: "a" });
  t.match(entries, [
    { revision: 1n, erased: false, state: { value: "2" } },
    { revision: 2n, erased: true, events: [], state: { value: "2" }, problem: "" },
    { revision: 3n, erased: false, events: [], state: undefined, problem: /has no case/ },
    { revision: 4n, events: [{ case: "incremented" }], state: undefined, problem: /no state: revision 3/ },
  ]);
  t.equal(entries[2]?.unknown?.fieldNumber, 15);
  t.same(Buffer.from(entries[2]?.unknown?.payload ?? []), unknown);

  await sql`update event set payload = ${Buffer.from([0xff])} where revision = 3`;
  const { entries: again } = await inspection.getHistory({ entityType: "counter", entityId: "a" });
  t.match(again[2], { unknown: { fieldNumber: 0 }, problem: String });
  t.match(
    again[3],
    { events: [{ case: "incremented" }] },
    "bytes that are no message hide nothing beside them",
  );

  const behind = await inspection.getHistory({ entityType: "counter", entityId: "a", afterRevision: 3n });
  t.match(behind.entries, [{ revision: 4n, events: [{ case: "incremented" }], state: undefined }]);
});

t.test("getState() travels in time, with the snapshot where it is of use", async (t) => {
  const { inspection, counters, sql } = await start(t);
  await count(counters, "a", 7);
  const at = (revision?: bigint) =>
    inspection.getState({
      entityType: "counter",
      entityId: "a",
      ...(revision === undefined ? {} : { revision }),
    });
  t.match(await at(), { revision: 7n, state: { value: "14" }, snapshotRevision: 5n });
  t.match(await at(6n), { revision: 6n, state: { value: "12" }, snapshotRevision: 5n });
  t.match(await at(3n), { revision: 3n, state: { value: "6" }, snapshotRevision: 0n });
  t.match(await at(0n), { revision: 0n, state: {}, snapshotRevision: 0n });
  await t.rejects(at(8n), {
    code: Code.NotFound,
    rawMessage: 'counter "a" has no revision 8: its newest is 7',
  });
  t.match(await inspection.getState({ entityType: "counter", entityId: "b" }), { revision: 0n, state: {} });
  const before = await sql`select count(*) from event`;
  await at();
  t.same(await sql`select count(*) from event`, before, "and writes nothing");
});

t.test("what cannot be asked for is refused, with the field and the value", async (t) => {
  const { inspection } = await start(t);
  const refuse = (call: Promise<unknown>, rawMessage: RegExp): Promise<unknown> =>
    t.rejects(call, { code: Code.InvalidArgument, rawMessage });
  const a = { entityType: "counter", entityId: "a" };
  await refuse(
    inspection.listEntities({ entityType: "cart" }),
    /^entity_type must be one of counter: current value is "cart"$/,
  );
  await refuse(
    inspection.listEntities({ entityType: "counter", limit: 1_001 }),
    /^limit must be 1 to 1000.*"1001"$/,
  );
  await refuse(inspection.listEntities({ entityType: "counter", limit: -1 }), /^limit .*"-1"$/);
  await refuse(inspection.listEntities({ entityType: "counter", idPrefix: "\0" }), /^id_prefix must be/);
  await refuse(inspection.listEntities({ entityType: "counter", pageToken: "%" }), /^page_token .*"%"$/);
  await refuse(inspection.getHistory({ ...a, pageToken: "YQ" }), /^page_token must be empty or.*"YQ"$/);
  await refuse(
    inspection.getHistory({ ...a, afterRevision: -1n }),
    /^after_revision must be 0 or more.*"-1"$/,
  );
  await refuse(inspection.getHistory({ ...a, entityId: "" }), /^entity_id must be 1 to 500/);
  await refuse(inspection.getState({ ...a, revision: -2n }), /^revision must be 0 or more: .*"-2"$/);
});

t.test("a statement that takes too long ends, and says so", async (t) => {
  const { inspection, counters, sql } = await start(t);
  await count(counters, "a", 1);
  await sql.begin(async (tx) => {
    await tx`lock table event in access exclusive mode`;
    await t.rejects(inspection.listEntities({ entityType: "counter" }, { timeoutMs: 60_000 }), {
      code: Code.DeadlineExceeded,
      rawMessage: /read for longer than 5000 ms: ask for less/,
    });
  });
});

t.test("the inspection is beside the services, and off where it is told so", async (t) => {
  const { service } = await start(t);
  t.same(service.protoServices, ["samspel.test.v1.CounterService"]);
  const off = await start(t, { inspection: false });
  await t.rejects(off.inspection.listEntityTypes({}), { code: Code.Unimplemented });
  const plain = await start(t, { entities: [] });
  t.same((await plain.inspection.listEntityTypes({})).entityTypes, []);
  await t.rejects(plain.inspection.listEntities({ entityType: "x" }), { code: Code.InvalidArgument });
});

t.test("an inspection that others than this machine reach is told in the log", async (t) => {
  const warnings: string[] = [];
  const logger = createLogger({ service: "test", level: "silent" });
  Object.assign(logger, { warn: (_: object, message: string) => warnings.push(message) });
  await start(t, { logger });
  t.same(warnings, []);
  await start(t, { logger, host: "0.0.0.0" });
  t.match(warnings, [/^INSPECTION IS ON/]);
});
