// Somebody who reads the journal all the time, as a publication does: each event once, in the one order (J4).
import type { Test } from "tap";
import { createJournal, startPosition } from "../../../../ts-runtime/src/journal/index.ts";
import { openDatabase } from "../../../../ts-runtime/src/postgres/index.ts";
import { silentLogger } from "../../../support/silent-logger.ts";
import type { Place } from "./journal-rows.ts";

export interface Follower {
  /** `id/revision` of each event, as it was read. */
  readonly seen: readonly string[];
}

/** Follows a journal from its first event to the end of the test. */
export async function followJournal(t: Test, { url, schema }: Place): Promise<Follower> {
  const database = await openDatabase({ url, schema, logger: silentLogger, maxConnections: 2 });
  const journal = createJournal({ database });
  const end = new AbortController();
  const seen: string[] = [];
  const following = (async () => {
    for await (const { events } of journal.follow({ after: startPosition, signal: end.signal })) {
      for (const { entityId, revision } of events) seen.push(`${entityId}/${revision}`);
    }
  })();
  following.catch(() => {}); // told at the end
  t.teardown(async () => {
    end.abort();
    await following;
    await journal.close();
    await database.close();
  });
  return { seen };
}
