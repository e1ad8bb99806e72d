import t, { type Test } from "tap";
import { openDatabase, type Database } from "../../../ts-runtime/src/postgres/index.ts";
import { createWakeUps, type WakeUps } from "../../../ts-runtime/src/postgres/wake-ups.ts";
import { databaseUrl } from "../../support/environment.ts";
import { testSchema } from "../../support/isolation.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { until } from "../../support/until.ts";

interface Listener {
  readonly database: Database;
  readonly heard: number;
}

/** A process that counts how often the channel `news` wakes it, from when it listens. */
async function listen(t: Test, schema: string, url: string = databaseUrl()): Promise<Listener> {
  const database = await openDatabase({ url, schema, maxConnections: 2, logger: silentLogger });
  t.teardown(() => database.close());
  let heard = 0;
  await database.listen("news", () => void heard++);
  // The subscription itself wakes, once it is there.
  await until("it is subscribed", () => heard > 0);
  heard = 0;
  return {
    database,
    get heard() {
      return heard;
    },
  };
}

t.test("wake() wakes this process at once and once, and every other one (W3)", async (t) => {
  const schema = testSchema(t);
  const [here, there] = [await listen(t, schema), await listen(t, schema)];
  here.database.wake("news");
  t.equal(here.heard, 1, "before anything was sent");
  await until("the other one hears it", () => there.heard === 1);
  // Notifications arrive in the order of their commits, so an echo of the first would stand before this one.
  there.database.wake("news");
  await until("the first one hears the other", () => here.heard >= 2);
  t.equal(here.heard, 2);
});

t.test("wake() draws together what comes while one is under way, and loses none (W2)", async (t) => {
  const schema = testSchema(t);
  const [here, there] = [await listen(t, schema), await listen(t, schema)];
  for (let count = 0; count < 1_000; count++) here.database.wake("news");
  t.equal(here.heard, 1_000);
  await until("the last is told behind the first", () => there.heard === 2);
  here.database.wake("other");
  here.database.wake("news");
  await until("and goes on", () => there.heard === 3);
});

t.test("wake() is sent again where it is cut, and heard when the connection is back (W4)", async (t) => {
  const schema = testSchema(t);
  const there = await listen(t, schema);
  const proxy = await startTcpProxy(t, databaseUrl());
  const here = await listen(t, schema, proxy.url);
  await proxy.cut();
  here.database.wake("news");
  await proxy.restore();
  await until("the other one hears it", () => there.heard === 1);
  there.database.wake("news");
  await until("it hears the other one", () => here.heard > 1);
});

t.test("close() sends what has not been told, and nothing after it", async (t) => {
  const schema = testSchema(t);
  const [here, there] = [await listen(t, schema), await listen(t, schema)];
  here.database.wake("news");
  here.database.wake("news");
  await here.database.close();
  await until("both are told", () => there.heard === 2);
  here.database.wake("news");
  t.equal(there.heard, 2);
});

interface Swift extends WakeUps {
  /** How many statements it has sent. */
  readonly sent: number;
  /** Whether none is under way. */
  readonly quiet: boolean;
}

/** The wake-ups of a process, which takes the others for gone after a short silence. */
async function openSwift(t: Test, schema: string): Promise<Swift> {
  const database = await openDatabase({
    url: databaseUrl(),
    schema,
    maxConnections: 2,
    logger: silentLogger,
  });
  let sent = 0;
  let answered = 0;
  const wakeUps = createWakeUps({
    ...database,
    bounded: (statement) => {
      sent++;
      return database.bounded(statement).finally(() => void answered++);
    },
    sayEveryMs: 20,
    believeForMs: 200,
  });
  t.teardown(async () => {
    await wakeUps.close();
    await database.close();
  });
  return {
    ...wakeUps,
    get sent() {
      return sent;
    },
    get quiet() {
      return sent === answered;
    },
  };
}

t.test("wake() sends nothing while nobody else listens, and then what was not sent (W5)", async (t) => {
  const schema = testSchema(t);
  const here = await openSwift(t, schema);
  const sendsNothing = (): boolean => {
    const { sent, quiet } = here;
    if (quiet) here.wake("news");
    return quiet && here.sent === sent;
  };
  await until("it knows that nobody listens", sendsNothing);
  const { sent } = here;
  for (let count = 0; count < 100; count++) here.wake("news");
  t.equal(here.sent, sent);

  const there = await openSwift(t, schema);
  let heard = 0;
  await there.listen("news", () => void heard++);
  await until("it is subscribed, and told what it might have missed", () => heard >= 2);
  const before = heard;
  here.wake("news");
  await until("it is told from then on", () => heard > before);

  await there.close();
  await until("it is known to be gone", sendsNothing);
});
