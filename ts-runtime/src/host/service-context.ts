// What a plain service may use of the process that it runs in.
import { SamspelError } from "../errors/index.ts";
import { transact, type Database, type Sql, type TransactionSql } from "../postgres/index.ts";
import type { Projection } from "../projection/index.ts";
import { projectionChanges } from "../projection/index.ts";
import type { Logger } from "../telemetry/index.ts";
import type { TellingClients } from "../tell/index.ts";

/** What the function that makes an implementation or a subscription gets of the running service. */
export interface ServiceContext {
  /**
   * Typed clients of other services, which ask, `client(S).reserve(…)`, and tell, `client(S).tell.reserve(…)`. In a
   * handler, prefer `clientsWithin(context)`, which inherits its deadline and its trace.
   */
  readonly client: TellingClients["client"];
  /** Clients whose calls inherit what is left of a handler's deadline (C1), and its trace. */
  readonly clientsWithin: TellingClients["within"];
  /** The reply to a tell, by the token that `String(receipt)` gave. */
  readonly replyTo: TellingClients["reply"];
  /**
   * The service's database, its schema first in the search path.
   * @throws SAMSPEL_INVALID_CONFIGURATION when the service was started without `DATABASE_URL`.
   */
  readonly sql: Sql;
  /**
   * Runs statements in one transaction: committed when `work` returns, rolled back when it throws. Use it in place of
   * `sql.begin`, which ends the process when its connection is lost in the middle.
   */
  transact<T>(this: void, work: (sql: TransactionSql) => Promise<T>): Promise<T>;
  /**
   * Yields at once and then after each commit of a projection, on whatever instance it runs: read the tables anew each
   * time. Changes that come while you read are drawn together.
   */
  changes(this: void, projection: Projection, signal: AbortSignal): AsyncIterable<void>;
  readonly logger: Logger;
}

/** Makes the context of a service; what needs a database fails with one clear error where there is none. */
export function createServiceContext(options: {
  readonly clients: TellingClients;
  readonly database: Database | undefined;
  readonly logger: Logger;
}): ServiceContext {
  const { clients, logger } = options;
  const database = (): Database => {
    if (options.database !== undefined) return options.database;
    throw new SamspelError(
      "SAMSPEL_INVALID_CONFIGURATION",
      "DATABASE_URL is not set, but a service uses the database: set it to postgres://host:port/database",
    );
  };
  return {
    client: clients.client,
    clientsWithin: clients.within,
    replyTo: clients.reply,
    get sql() {
      return database().sql;
    },
    transact: (work) => transact(database().sql, work),
    changes: (projection, signal) => projectionChanges(database(), projection, signal),
    logger,
  };
}
