// Which entities there are. Nothing lists them but their events; so the primary key is walked in leaps, from each
// entity to the next one and to its last event: two looks an entity, however many events it has ("loose index scan",
// PostgreSQL wiki).
import type { Sql, TransactionSql } from "../postgres/index.ts";
import { afterPrefix } from "./after-prefix.ts";

export interface ListEntitiesOptions {
  readonly entityType: string;
  /** Only ids that begin so. Default: all. */
  readonly idPrefix?: string;
  /** Exclusive. Default: from the beginning. */
  readonly afterId?: string;
  readonly limit: number;
}

/** An entity that has events. */
export interface EntityListing {
  readonly entityId: string;
  /** Of its latest event. */
  readonly revision: bigint;
  readonly recordedAt: Date;
}

interface Row {
  readonly entity_id: string;
  readonly revision: bigint;
  readonly recorded_at: Date;
}

/** The next entities, in the order of the bytes of their ids. */
export async function listEntities(
  sql: Sql | TransactionSql,
  { entityType, idPrefix = "", afterId = "", limit }: ListEntitiesOptions,
): Promise<readonly EntityListing[]> {
  const end = afterPrefix(idPrefix);
  const next = (after: ReturnType<typeof sql>): ReturnType<typeof sql> => sql`
    select e.entity_id from event e
    where e.entity_type = ${entityType} and e.entity_id > ${after} and e.entity_id >= ${idPrefix}
      ${end === undefined ? sql`` : sql`and e.entity_id < ${end}`}
    order by e.entity_id limit 1`;
  const rows = await sql<Row[]>`
    with recursive found as (
      (${next(sql`${afterId}::text`)})
      union all
      select (${next(sql`found.entity_id`)}) from found where found.entity_id is not null
    )
    select found.entity_id, newest.revision, newest.recorded_at
    from found cross join lateral (
      select e.revision, e.recorded_at from event e
      where e.entity_type = ${entityType} and e.entity_id = found.entity_id
      order by e.revision desc limit 1
    ) newest
    where found.entity_id is not null
    ${sql.unsafe(`limit ${limit}`)}`;
  return rows.map((row) => ({
    entityId: row.entity_id,
    revision: row.revision,
    recordedAt: row.recorded_at,
  }));
}
