// Before anything reads or writes an event: this version of the service can read all that are stored (J6).
import { checkEvents } from "../evolution/index.ts";
import type { Database } from "../postgres/index.ts";
import type { ServiceOptions } from "./options.ts";

/**
 * Checks the events of the entities, and of what topics and projections are made of, and stores the descriptors of the
 * former.
 * @throws SAMSPEL_EVENTS_INCOMPATIBLE that names each change, and the fix.
 */
export async function checkStoredEvents(
  { entities = [], topics = [], projections = [] }: ServiceOptions,
  database: Database | undefined,
): Promise<void> {
  if (database === undefined) return;
  const read = [
    ...topics.flatMap(({ sources }) => [...sources.values()].map(({ entity }) => entity)),
    ...projections.flatMap((projection) => projection.entities),
  ];
  await checkEvents(database, { stored: entities, read });
}
