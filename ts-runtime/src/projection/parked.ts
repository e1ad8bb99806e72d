// The parked events of a projection, for an operator: to see them, to have them tried again, and to drop them.
import { transact, type Database } from "../postgres/index.ts";
import { requireStanding, tellControl } from "./builds.ts";
import type { ProjectionRef } from "./control.ts";

/** An event that the live build could not apply. */
export interface ParkedEvent {
  readonly entityType: string;
  readonly entityId: string;
  readonly revision: bigint;
  /** `blocked`: the projection waits for it, see `onFailure`. */
  readonly state: "parked" | "blocked";
  readonly attempts: number;
  /** Of the last attempt. */
  readonly error: string;
  readonly failedAt: Date;
  /** Whether it is to be tried again, and was not yet. */
  readonly retryAsked: boolean;
  /** What became of it before, the oldest first. */
  readonly history: readonly { readonly at: string; readonly attempts: number; readonly error: string }[];
}

/** Which of them. */
export interface ParkedKey {
  readonly entityType: string;
  readonly entityId: string;
  readonly revision: bigint;
}

export interface ListParkedOptions extends ProjectionRef {
  /** Default 100. */
  readonly limit?: number;
  /** Behind this one, in the same order. */
  readonly after?: ParkedKey;
}

/**
 * Parked events of the live build, by entity and revision.
 * @throws SAMSPEL_INVALID_REQUEST for a name that no projection has; so do the others.
 */
export async function listParked(options: ListParkedOptions): Promise<readonly ParkedEvent[]> {
  const { home, projection, limit = 100, after } = options;
  const { generation } = await requireStanding(home.sql, projection);
  const rows = await home.sql<(Omit<ParkedEvent, "history"> & { history: ParkedEvent["history"] })[]>`
    select entity_type as "entityType", entity_id as "entityId", revision, state, attempts, error,
      failed_at as "failedAt", retry_asked_at is not null as "retryAsked", history
    from projection_failure
    where projection = ${projection} and generation = ${generation}
      ${after ? home.sql`and (entity_type, entity_id, revision) > (${after.entityType}, ${after.entityId}, ${after.revision})` : home.sql``}
    order by entity_type, entity_id, revision limit ${limit}`;
  return rows;
}

/** Has one parked event tried again, or all of them; gives how many. Whoever holds its range does it, soon. */
export async function retryParked(options: ProjectionRef & { readonly event?: ParkedKey }): Promise<number> {
  const { home, projection, event } = options;
  const { generation } = await requireStanding(home.sql, projection);
  return transact(home.sql, async (sql) => {
    const asked = await sql`
      update projection_failure set retry_asked_at = clock_timestamp()
      where projection = ${projection} and generation = ${generation} and state = 'parked' ${only(home, event)}`;
    await tellControl(sql, home, projection);
    return asked.count;
  });
}

/**
 * Drops one parked event, or all of them; gives how many. They are never applied then, and a projection that waits for
 * one goes on.
 */
export async function dropParked(options: ProjectionRef & { readonly event?: ParkedKey }): Promise<number> {
  const { home, projection, event } = options;
  const { generation } = await requireStanding(home.sql, projection);
  const dropped = await home.sql`
    delete from projection_failure
    where projection = ${projection} and generation = ${generation} ${only(home, event)}`;
  home.logger.info({ projection, dropped: dropped.count }, "parked events dropped");
  return dropped.count;
}

function only({ sql }: Database, event: ParkedKey | undefined): ReturnType<Database["sql"]> {
  if (event === undefined) return sql``;
  const { entityType, entityId, revision } = event;
  return sql`and entity_type = ${entityType} and entity_id = ${entityId} and revision = ${revision}`;
}
