// A query must not cost more for those that have been.
import postgres from "postgres";
import t, { type Test } from "tap";
import { openDatabase } from "../../../ts-runtime/src/postgres/index.ts";
import { databaseUrl } from "../../support/environment.ts";
import { testSchema } from "../../support/isolation.ts";
import { silentLogger } from "../../support/silent-logger.ts";

type Query = () => PromiseLike<unknown>;

const queries = 500;

/** The longest list that is searched while a query runs. */
async function longestSearch(t: Test, query: Query): Promise<number> {
  const { indexOf } = Array.prototype;
  let longest = 0;
  const watch = t.intercept(Array.prototype, "indexOf", {
    value(this: readonly unknown[], ...args: Parameters<typeof indexOf>) {
      longest = Math.max(longest, this.length);
      return indexOf.apply(this, args);
    },
  });
  await query();
  watch.restore();
  return longest;
}

/** One at a time, where several connections are idle. */
async function inTurn(query: Query): Promise<void> {
  await Promise.all([query(), query(), query()]);
  for (let count = 0; count < queries; count++) await query();
}

/** More at a time than there are connections, so that each of them has several on the way. */
async function crowded(query: Query): Promise<void> {
  await Promise.all(
    Array.from({ length: 9 }, async () => {
      for (let count = 0; count < queries / 9; count++) await query();
    }),
  );
}

t.test("the driver by itself searches longer for each query that has been", async (t) => {
  // Where this fails, the driver is mended, and what mends it here can go.
  for (const many of [inTurn, crowded]) {
    const sql = postgres(databaseUrl(), { max: 3, onnotice: () => {} });
    t.teardown(() => sql.end());
    const query: Query = () => sql`select`;
    await many(query);
    const longest = await longestSearch(t, query);
    t.ok(longest > queries / 2, `${many.name}: ${longest}`);
  }
});

t.test("a query finds its connection as quickly after many queries as after none", async (t) => {
  const database = await openDatabase({
    url: databaseUrl(),
    schema: testSchema(t),
    logger: silentLogger,
    maxConnections: 3,
  });
  t.teardown(() => database.close());
  const ways: Record<string, Query> = {
    sql: () => database.sql`select`,
    bounded: () => database.bounded((sql) => sql`select`),
  };
  for (const [name, query] of Object.entries(ways)) {
    for (const many of [inTurn, crowded]) {
      await many(query);
      const longest = await longestSearch(t, query);
      t.ok(longest <= 20, `${name}, ${many.name}: ${longest}`);
    }
  }
});
