// Each test file has its own schema and its own topic prefix, so that files run beside each other.
import { randomUUID } from "node:crypto";
import { connect } from "nats";
import postgres from "postgres";
import type { Test } from "tap";
import { databaseUrl, natsUrl } from "./environment.ts";

/** A schema name of this test's own; the schema is dropped, with all in it, at the end. */
export function testSchema(t: Test): string {
  const schema = `test_${randomUUID().replaceAll("-", "")}`;
  t.teardown(async () => {
    const sql = postgres(databaseUrl(), { max: 1, onnotice: () => {} });
    // A projection that is being built has a schema of its own beside the service's.
    const all = await sql<{ name: string }[]>`
      select nspname as name from pg_namespace where starts_with(nspname, ${schema})`;
    for (const { name } of all) await sql`drop schema if exists ${sql(name)} cascade`;
    await sql.end();
  });
  return schema;
}

/** A prefix for this test's streams and subjects; its streams are deleted at the end. */
export function testTopicPrefix(t: Test): string {
  const prefix = `test-${randomUUID().slice(0, 8)}-`;
  t.teardown(async () => {
    const connection = await connect({ servers: natsUrl() });
    const manager = await connection.jetstreamManager();
    for await (const name of manager.streams.names()) {
      if (name.replace(/^KV_/, "").startsWith(prefix)) await manager.streams.delete(name);
    }
    await connection.close();
  });
  return prefix;
}
