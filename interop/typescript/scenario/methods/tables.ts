// What is noted and consumed.
import type { Sql } from "@samspel/runtime";

const made = new WeakMap<Sql, Promise<void>>();

/** Makes the tables, once a process; another instance may do so at the same time. */
export function createTables(sql: Sql): Promise<void> {
  const known = made.get(sql) ?? create(sql);
  made.set(sql, known);
  return known;
}

async function create(sql: Sql): Promise<void> {
  await sql.unsafe(`
    select pg_advisory_xact_lock(hashtext('scenario tables'));
    create table if not exists note (
      at bigint generated always as identity primary key, key text, text text, command_id text, tenant text, traceparent text
    );
    create table if not exists consumed (
      at bigint generated always as identity primary key, id text, key text, number int, tenant text, traceparent text, source text
    )`);
}
