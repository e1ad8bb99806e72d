import { retryRead } from "../postgres/index.ts";
import { inSpans } from "./append-spans.ts";
import { createAppender } from "./appender.ts";
import { createCheckpoints } from "./checkpoints.ts";
import { createConfirmer } from "./confirmer.ts";
import { forget } from "./forget.ts";
import { follow } from "./follow.ts";
import { findEnds, findPosition } from "./find-position.ts";
import { observeHolder } from "./hold-metric.ts";
import type { Journal, JournalOptions } from "./journal.ts";
import { pruneCommands } from "./prune-commands.ts";
import { readEntity } from "./read-entity.ts";
import { readPage } from "./read-page.ts";
import { findCommand, recover } from "./recover.ts";

const sevenDaysMs = 7 * 24 * 60 * 60 * 1_000;

/** Opens the journal that lies in a migrated database. */
export function createJournal(options: JournalOptions): Journal {
  const {
    database,
    maxPending = 10_000,
    maxPendingBytes = 64 * 1024 * 1024,
    maxBatch = 256,
    maxEventBytes = 1024 * 1024,
    maxInFlight = 3,
    retryForMs = 30_000,
    commandRetentionMs = sevenDaysMs,
  } = options;
  const { sql, bounded } = database;
  const appender = createAppender({
    database,
    maxPending,
    maxPendingBytes,
    maxBatch,
    maxEventBytes,
    maxInFlight,
    retryForMs,
  });
  const confirmer = createConfirmer({ database, maxPending, maxBatch, maxInFlight, retryForMs });
  const closing = new AbortController();
  const pruning = pruneCommands({ database, retentionMs: commandRetentionMs, signal: closing.signal });

  const holdMetric = observeHolder(database);

  const close = async (): Promise<void> => {
    closing.abort();
    holdMetric[Symbol.dispose]();
    await Promise.all([appender.close(), confirmer.close(), pruning]);
  };
  return {
    get incarnation() {
      return appender.incarnation;
    },
    append: inSpans((append) => appender.append(append)),
    forget: inSpans((forgetting) => forget(database, forgetting, { maxEventBytes, retryForMs })),
    confirm: (entityType, entityId) => confirmer.add({ entityType, entityId }),
    load: (entity) => recover(bounded, entity, retryForMs),
    loadCommand: (command) => retryRead(retryForMs, () => bounded((sql) => findCommand(sql, command))),
    async read(options) {
      const { events, next } = await readPage(sql, options);
      return { events, next };
    },
    readEntity: (options) => readEntity(sql, options),
    ends: () => findEnds(sql),
    positionAt: (time) => findPosition(sql, time),
    follow: (options) => follow(database, options),
    checkpoints: createCheckpoints(database),
    close,
    [Symbol.asyncDispose]: close,
  };
}
