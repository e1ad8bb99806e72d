// What a killed test leaves: no process, and data that the next system removes.
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import { join } from "node:path";
import { superviseProcesses } from "samspel/process";
import postgres from "postgres";
import t from "tap";
import { connect } from "nats";
import { claimSystem } from "../../../devkit/src/testing/ground/claim.ts";
import { sweep } from "../../../devkit/src/testing/ground/ground.ts";
import { databaseUrl, natsUrl } from "../../support/environment.ts";
import { until } from "../../support/until.ts";

interface Place {
  readonly databaseUrl: string;
  readonly topicPrefix: string;
  readonly url: string;
}

t.test("kill -9 of a test ends its services, and the next system removes what they stored", async (t) => {
  const supervisor = superviseProcesses();
  t.teardown(() => supervisor.stop());
  const test = await supervisor.start({
    name: "test",
    command: process.execPath,
    args: ["--conditions=samspel-source", join(import.meta.dirname, "fixtures/system-process.ts")],
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      TEST_DATABASE_URL: databaseUrl(),
      TEST_NATS_URL: natsUrl(),
    },
  });
  const place = await new Promise<Place>((resolve, reject) => {
    test.onLine(({ text }) => {
      if (text.startsWith("{")) resolve(JSON.parse(text) as Place);
    });
    void test.ended.then(() => reject(new Error(test.lastLines.map(({ text }) => text).join("\n"))));
  });
  const id = new URL(place.databaseUrl).pathname.slice(1);
  const nats = await connect({ servers: natsUrl() });
  t.teardown(() => nats.close());
  const manager = await nats.jetstreamManager();
  await manager.streams.add({ name: `${place.topicPrefix}some_topic`, subjects: [`${place.topicPrefix}x`] });

  await using claim = { ...(await claimSystem(databaseUrl())), [Symbol.asyncDispose]: () => claim.release() };
  t.notOk((await sweep(claim, manager, 0)).includes(id), "the living keep what they have");

  await test.kill();
  await until("its service is gone", async () => !(await answers(place.url)));
  await until("Postgres knows that it is dead", async () => (await sweep(claim, manager, 0)).includes(id));
  const sql = postgres(databaseUrl(), { max: 1 });
  t.teardown(() => sql.end());
  t.same(await sql`select from pg_database where datname = ${id}`, []);
  for await (const name of manager.streams.names()) t.notOk(name.startsWith(place.topicPrefix), name);
});

async function answers(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  const socket = connectTcp(Number(port), hostname);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
