import t, { type Test } from "tap";
import { isTransient, openDatabase, type DatabaseOptions } from "../../../ts-runtime/src/postgres/index.ts";
import { databaseUrl } from "../../support/environment.ts";
import { testSchema } from "../../support/isolation.ts";
import { silentLogger as logger } from "../../support/silent-logger.ts";

const optionsFor = (t: Test): DatabaseOptions => ({
  url: databaseUrl(),
  schema: testSchema(t),
  maxConnections: 2,
  logger,
});

t.test("openDatabase() names the URL without its password, the reason and the fix", async (t) => {
  const refused = openDatabase({ url: "postgres://me:secret@127.0.0.1:1/db", schema: "shop", logger });
  await t.rejects(refused, {
    code: "SAMSPEL_DATABASE_UNREACHABLE",
    message: /^Cannot use the database postgres:\/\/me@127\.0\.0\.1:1\/db: .*ECONNREFUSED.*: start Postgres/,
  });
  await t.rejects(openDatabase({ url: "nonsense", schema: "shop", logger }), {
    code: "SAMSPEL_DATABASE_UNREACHABLE",
  });
  const missing = new URL(databaseUrl());
  missing.pathname = "/no_such_database";
  await t.rejects(openDatabase({ url: missing.href, schema: "shop", logger }), {
    message: /create the database, or name another one/,
  });
  for (const schema of ["Shop", "1shop", "pg_shop", 'a"b', "", "a".repeat(51)]) {
    await t.rejects(openDatabase({ url: databaseUrl(), schema, logger }), {
      code: "SAMSPEL_INVALID_CONFIGURATION",
    });
  }
});

t.test(
  "openDatabase() works in its schema, reads large numbers as BigInt, and tells what a retry heals",
  async (t) => {
    const options = optionsFor(t);
    await using database = await openDatabase(options);
    const { sql } = database;
    const [row] = await sql`
    select current_schema() as schema, 9007199254740993::bigint as large, '18446744073709551615'::xid8 as tx, 7 as small,
      ${['a"b', "c\\d,", "null", ""]}::text[] as texts, array[1, null]::int[] as ints, '{5}'::bigint[] as bigs`;
    t.same(row, {
      schema: options.schema,
      large: 9007199254740993n,
      tx: 18446744073709551615n,
      small: 7,
      texts: ['a"b', "c\\d,", "null", ""],
      ints: [1, null],
      bigs: [5n],
    });
    const cut: unknown = await sql`select pg_terminate_backend(pg_backend_pid())`.catch(
      (error: unknown) => error,
    );
    t.ok(isTransient(cut));
    t.same([...(await sql`select 1 as one`)], [{ one: 1 }]);
    const wrong: unknown = await sql`select * from nothing`.catch((error: unknown) => error);
    t.notOk(isTransient(wrong));
  },
);

t.test("openDatabase() makes no schema and refuses writes where it is readOnly", async (t) => {
  const options = optionsFor(t);
  await using reader = await openDatabase({ ...options, readOnly: true });
  await t.rejects(reader.sql`create schema ${reader.sql(options.schema)}`, { code: "25006" });
  const [found] = await reader.sql`select from pg_namespace where nspname = ${options.schema}`;
  t.equal(found, undefined);
});
