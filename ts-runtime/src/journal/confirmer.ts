// The revision of an entity now: an answer that rests on state and appends nothing is confirmed by it (J1).
import { retryRead, textArray, type Database } from "../postgres/index.ts";
import { createGroup, type Group } from "./group.ts";

interface Entity {
  readonly entityType: string;
  readonly entityId: string;
}

export interface ConfirmerOptions {
  readonly database: Database;
  readonly maxPending: number;
  readonly maxBatch: number;
  readonly maxInFlight: number;
  readonly retryForMs: number;
}

export function createConfirmer(options: ConfirmerOptions): Group<Entity, bigint> {
  const { database, retryForMs } = options;
  return createGroup<Entity, bigint>({
    ...options,
    what: "confirmations",
    keyOf: ({ entityType, entityId }) => `${entityType}\0${entityId}`,
    async run(group) {
      const rows = await retryRead(retryForMs, () =>
        database.bounded(
          (sql) => sql<{ revision: bigint }[]>`
        select coalesce(c.revision, 0) as revision
        from unnest(
          ${textArray(group.map(({ item }) => item.entityType))}::text[],
          ${textArray(group.map(({ item }) => item.entityId))}::text[]
        ) with ordinality as i (entity_type, entity_id, ordinal)
        left join lateral (
          select e.revision from event e
          where e.entity_type = i.entity_type and e.entity_id = i.entity_id
          order by e.revision desc limit 1
        ) c on true
        order by i.ordinal`,
        ),
      );
      for (const [index, entry] of group.entries()) entry.resolve(rows[index]?.revision ?? 0n);
    },
  });
}
