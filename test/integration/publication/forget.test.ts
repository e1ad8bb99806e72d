// A publication and a projection never see again what is forgotten.
import t from "tap";
import { fromBinary } from "@bufbuild/protobuf";
import { topicDescriptor } from "../../../ts-runtime/src/descriptor/index.ts";
import { startPosition, type Position } from "../../../ts-runtime/src/journal/index.ts";
import { project, type Projection } from "../../../ts-runtime/src/projection/index.ts";
import { createPassingStates } from "../../../ts-runtime/src/publication/states.ts";
import { publish, runPublication } from "../../../ts-runtime/src/publication/index.ts";
import { ensureStream, type Broker } from "../../../ts-runtime/src/topic/index.ts";
import { MemberNewsSchema, MemberTopics, type MemberNews } from "../../gen/samspel/test/v1/member_pb.ts";
import { testBroker } from "../../support/broker.ts";
import { testCluster } from "../../support/cluster.ts";
import { openJournal } from "../../support/journal.ts";
import { defineMember, serveMembers, tablesWith } from "../../support/member.ts";
import { run as runProjectionUntilEnd } from "../../support/projection.ts";
import { runUntilEnd } from "../../support/run-until-end.ts";
import { silentLogger as logger } from "../../support/silent-logger.ts";
import { until } from "../../support/until.ts";

const secret = "Wilhelmina";
const member = defineMember();

const news = publish(MemberTopics.method.memberChanged, member, {
  registered: (_, { entityId: memberId, state }) => ({ memberId, what: "registered", member: state }),
  noted: (_, { entityId: memberId, state }) => ({ memberId, what: "noted", member: state }),
  feePaid: (_, { entityId: memberId, state }) => ({ memberId, what: "paid", member: state }),
  forgotten: (_, { entityId: memberId, state }) => ({ memberId, what: "forgotten", member: state }),
});

async function published(broker: Broker, count: number): Promise<readonly MemberNews[]> {
  const topic = topicDescriptor(MemberTopics.method.memberChanged);
  return until(
    `${count} messages are stored`,
    async () => {
      const { config, state } = await ensureStream(broker, topic);
      if (state.messages === 0) return undefined;
      const all: MemberNews[] = [];
      for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
        const { data, subject } = await broker.manager.streams.getMessage(config.name, { seq });
        if (!subject.includes("fence.")) all.push(fromBinary(MemberNewsSchema, data));
      }
      return all.length >= count && all;
    },
    30_000,
  );
}

t.test("a publication that comes later sees what is left, one that runs goes on from it", async (t) => {
  const on = await openJournal(t);
  const members = serveMembers(t, on);
  const broker = await testBroker(t);
  const run = () =>
    runUntilEnd(t, (signal) =>
      runPublication({
        publication: news,
        ...on,
        cluster: testCluster(t, on.database),
        broker,
        service: "members",
        logger,
        signal,
      }),
    );
  await members.register("early", secret);
  await members.payFee("early", 1n);
  await members.forget("early");
  run();
  t.match(await published(broker, 3), [
    { what: "registered", member: { name: "" } },
    { what: "paid", member: { name: "", paid: 1n } },
    { what: "forgotten", member: { name: "", paid: 1n, timesForgotten: 1 } },
  ]);

  // Its state is at hand in the publication when the past behind it is forgotten.
  await members.register("late", secret);
  await members.addNote("late", secret);
  t.match((await published(broker, 5))[4], { what: "noted", member: { name: secret, notes: [secret] } });
  await members.forget("late");
  await members.payFee("late", 2n);
  const all = await published(broker, 7);
  t.match(all.slice(5), [
    { what: "forgotten", member: { name: "", notes: [], timesForgotten: 1 } },
    { what: "paid", member: { name: "", notes: [], paid: 2n } },
  ]);
});

t.test("a page that was read before its events were forgotten leaves no state behind", async (t) => {
  const on = await openJournal(t);
  const members = serveMembers(t, on);
  // A transaction of another test may hold readers back for a moment.
  const nextEvent = (after: Position) =>
    until("an event is there", async () => (await on.journal.read({ after })).events[0], 30_000);
  await members.register("a", secret);
  const before = await nextEvent(startPosition);
  await members.forget("a");
  const states = createPassingStates(on.database, member);
  await states.prepare([before]);
  states.advance(before, member.decodeEvents(before.payload));
  const after = await nextEvent(before.position);
  await states.prepare([after]);
  t.match(states.advance(after, member.decodeEvents(after.payload)), [{ name: "", timesForgotten: 1 }]);
});

/** Keeps who is a member, and, as `seen`, all that passed. */
const rows = (version: number): Projection =>
  project("members", member, {
    version,
    setup: async (sql) => {
      await sql`drop table if exists known, seen`;
      await sql`create table known (id text primary key, name text not null)`;
      await sql`create table seen (what text not null)`;
    },
    events: {
      async registered({ name }, { sql, entityId }) {
        await sql`insert into known values (${entityId}, ${name})`;
        await sql`insert into seen values (${`${entityId} is ${name}`})`;
      },
      noted: ({ text }, { sql, entityId }) => sql`insert into seen values (${`${entityId}: ${text}`})`,
      async forgotten(_, { sql, entityId }) {
        await sql`delete from known where id = ${entityId}`;
        await sql`delete from seen where what like ${`${entityId}%`}`;
        await sql`insert into seen values (${`${entityId} forgotten`})`;
      },
    },
  });

t.test(
  "a projection drops its rows with the last event, and one that is built anew never has them",
  async (t) => {
    const on = await openJournal(t);
    const { sql } = on.database;
    const members = serveMembers(t, on);
    const known = async (): Promise<string> => {
      const found = await sql<{ name: string }[]>`select name from known order by id`.catch(() => []);
      return found.map(({ name }) => name).join();
    };
    const run = (version: number) => runProjectionUntilEnd(t, on, rows(version));
    await members.register("a", secret);
    await members.addNote("a", secret);
    await members.register("b", "Bo");
    const stop = run(1);
    await until("both are known", async () => (await known()) === `${secret},Bo`, 30_000);
    await members.forget("a");
    await until("one is left", async () => (await known()) === "Bo", 30_000);
    t.same(await tablesWith(on, secret), []);
    await stop();

    // Keeps all that passes: the secret would be among it, before the last event.
    const passed: string[] = [];
    const lagging = project("lagging", member, {
      events: {
        registered: ({ name }) => void passed.push(name),
        noted: ({ text }) => void passed.push(text),
        forgotten: () => void passed.push("forgotten"),
      },
    });
    runProjectionUntilEnd(t, on, lagging);
    run(2);
    // In one look, as the tables of the old version hold the same until the new one drops them.
    const rebuilt = async (): Promise<boolean> => {
      const [found] = await sql<{ seen: string; known: string; version: number }[]>`
        select (select string_agg(what, ',' order by what) from seen) as seen,
          (select string_agg(name, ',' order by id) from known) as known,
          (select version from projection where name = ${rows(2).name}) as version`.catch(() => []);
      return found?.version === 2 && found.seen === "a forgotten,b is Bo" && found.known === "Bo";
    };
    await until("it is built anew", async () => passed.length === 3 && (await rebuilt()), 30_000);
    t.same(passed, ["", "Bo", "forgotten"]);
    t.same(await tablesWith(on, secret), []);
  },
);
