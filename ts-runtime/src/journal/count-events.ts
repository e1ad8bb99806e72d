// How much of an entity type there is: counted as far as that is cheap, behind that from the statistics.
import type { Sql, TransactionSql } from "../postgres/index.ts";
import { listEntities } from "./list-entities.ts";

/** A number and how sure it is; "at least" where nobody counted further. */
export interface Count {
  readonly value: number;
  readonly precision: "exact" | "estimated" | "at least";
}

/** Each is an entry of an index. */
const maxCountedEvents = 10_000;
/** Each is two looks at an index. */
const maxCountedEntities = 1_000;

export async function countEntities(sql: Sql | TransactionSql, entityType: string): Promise<Count> {
  const found = await listEntities(sql, { entityType, limit: maxCountedEntities + 1 });
  return found.length > maxCountedEntities
    ? { value: maxCountedEntities, precision: "at least" }
    : { value: found.length, precision: "exact" };
}

export async function countEvents(sql: Sql | TransactionSql, entityType: string): Promise<Count> {
  const [counted] = await sql<{ count: number }[]>`
    select count(*)::int as count from (
      select from event where entity_type = ${entityType} limit ${maxCountedEvents + 1}
    ) first_ones`;
  const count = counted?.count ?? 0;
  if (count <= maxCountedEvents) return { value: count, precision: "exact" };
  const [estimate] = await sql<{ count: number }[]>`
    select (c.reltuples * m.frequency)::float8 as count
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    join pg_stats s on s.schemaname = n.nspname and s.tablename = c.relname and s.attname = 'entity_type'
    cross join lateral unnest(s.most_common_vals::text::text[], s.most_common_freqs) as m (value, frequency)
    where n.nspname = current_schema() and c.relname = 'event' and m.value = ${entityType}`;
  const estimated = Math.round(estimate?.count ?? 0);
  return estimated > maxCountedEvents
    ? { value: estimated, precision: "estimated" }
    : { value: maxCountedEvents, precision: "at least" };
}
