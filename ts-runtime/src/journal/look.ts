// Looking into the journal beside the service's own work: in one read-only transaction, so that all is of one moment,
// with a bound on each statement. A transaction that only reads has no id, and so holds no reader back (J4).
import { SamspelError } from "../errors/index.ts";
import { isCanceled, retryRead, transact, type Database } from "../postgres/index.ts";
import { countEntities, countEvents, type Count } from "./count-events.ts";
import type { EntityEvents, JournalEvent, Recovery, RecoverOptions } from "./journal.ts";
import { listEntities, type EntityListing, type ListEntitiesOptions } from "./list-entities.ts";
import { readEntity } from "./read-entity.ts";
import { recover } from "./recover.ts";

/** What can be seen of the journal in one moment. */
export interface JournalView {
  readEntity(options: EntityEvents): Promise<readonly JournalEvent[]>;
  listEntities(options: ListEntitiesOptions): Promise<readonly EntityListing[]>;
  countEntities(entityType: string): Promise<Count>;
  countEvents(entityType: string): Promise<Count>;
  /** The events must be read before the look is over. */
  load(entity: RecoverOptions): Promise<Recovery>;
}

const retryForMs = 2_000;

/**
 * Runs `work` on a view of the journal.
 * @throws SAMSPEL_DEADLINE_EXCEEDED where a statement takes longer than `statementTimeoutMs`.
 */
export async function look<T>(
  { sql }: Database,
  statementTimeoutMs: number,
  work: (view: JournalView) => Promise<T>,
): Promise<T> {
  try {
    return await retryRead(retryForMs, () =>
      transact(sql, async (tx) => {
        await tx`set transaction isolation level repeatable read, read only`;
        await tx`select set_config('statement_timeout', ${String(statementTimeoutMs)}, true)`;
        return work({
          readEntity: (options) => readEntity(tx, options),
          listEntities: (options) => listEntities(tx, options),
          countEntities: (entityType) => countEntities(tx, entityType),
          countEvents: (entityType) => countEvents(tx, entityType),
          load: (entity) => recover((statement) => Promise.resolve(statement(tx)), entity, 0),
        });
      }),
    );
  } catch (error) {
    if (!isCanceled(error)) throw error;
    throw new SamspelError(
      "SAMSPEL_DEADLINE_EXCEEDED",
      `The journal was read for longer than ${statementTimeoutMs} ms: ask for less`,
      { cause: error },
    );
  }
}
