// What a plain service may use of the process that it runs in.
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { TopicMethod } from "../descriptor/index.ts";
import { SamspelError } from "../errors/index.ts";
import type { LivePublisher } from "../live/index.ts";
import type { TopicSender, TopicSenders } from "../outbox/index.ts";
import { transact, type Database, type Sql, type TransactionSql } from "../postgres/index.ts";
import {
  createCatchUp,
  createChangeFollower,
  projectionChanges,
  type CatchUp,
  type CaughtUpOptions,
  type ChangeFollower,
  type ChangingProjection,
  type HistoryThenLiveOptions,
  type Projection,
} from "../projection/index.ts";
import type { Logger } from "../telemetry/index.ts";
import type { TellingClients } from "../tell/index.ts";
import type { ReadModels } from "./read-models.ts";

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
  /**
   * The publisher of a live topic, which is one of the service's `liveTopics`.
   * @throws TypeError where it is not.
   */
  live<M extends DescMessage>(this: void, method: TopicMethod<M>): LivePublisher<M>;
  /**
   * Resolves when a projection has passed what `after` names; without it, all that is committed now. So a query sees
   * what its caller did before: `await caughtUp(sales, { after: context })`.
   * @throws SAMSPEL_PROJECTION_BEHIND where it has not within `timeoutMs`, default 5,000.
   * @throws SAMSPEL_INVALID_REQUEST for what is no position of this service.
   */
  caughtUp(this: void, projection: Projection, options?: CaughtUpOptions): Promise<void>;
  /**
   * Yields what a projection holds, and then each change that it tells, from any instance: none is missing or comes
   * twice. Ends when `signal` aborts.
   * @throws SAMSPEL_CHANGES_GONE for a reader that is behind what is kept, and where the tables were built anew: begin
   *   again.
   */
  historyThenLive<Change extends DescMessage>(
    this: void,
    projection: ChangingProjection<Change>,
    options: HistoryThenLiveOptions<Change>,
  ): AsyncIterable<MessageShape<Change>>;
  /** The database of a projection's tables, where it has one of its own; else the service's, as `sql`. */
  sqlOf(this: void, projection: Projection): Sql;
  /**
   * Publishes to a topic of the service, `topic(CartTopics.method.checkedOut).publish(message)`: straight to JetStream, or
   * with `tx` through the outbox, once that transaction is committed.
   * @throws SAMSPEL_INVALID_CONFIGURATION for a topic that is not in the service's `topics`.
   */
  topic<M extends DescMessage>(this: void, method: TopicMethod<M>): TopicSender<M>;
  readonly logger: Logger;
}

/** Makes the context of a service; what needs a database fails with one clear error where there is none. */
export function createServiceContext(options: {
  readonly clients: TellingClients;
  readonly database: Database | undefined;
  readonly live: ServiceContext["live"];
  readonly readModels?: ReadModels;
  readonly topics: TopicSenders;
  readonly logger: Logger;
}): ServiceContext {
  const { clients, live, topics, logger } = options;
  const database = (): Database => {
    if (options.database !== undefined) return options.database;
    throw new SamspelError(
      "SAMSPEL_INVALID_CONFIGURATION",
      "DATABASE_URL is not set, but a service uses the database: set it to postgres://host:port/database",
    );
  };
  const homeOf = (projection: Projection): Database => options.readModels?.(projection) ?? database();
  let catchUp: CatchUp | undefined;
  const followers = new Map<Database, ChangeFollower>();
  const followerOf = (home: Database): ChangeFollower => {
    const follower = followers.get(home) ?? createChangeFollower(home);
    followers.set(home, follower);
    return follower;
  };
  return {
    client: clients.client,
    clientsWithin: clients.within,
    replyTo: clients.reply,
    get sql() {
      return database().sql;
    },
    transact: (work) => transact(database().sql, work),
    live,
    changes: (projection, signal) => projectionChanges(homeOf(projection), projection, signal),
    caughtUp: async (projection, awaited) =>
      (catchUp ??= createCatchUp(database(), homeOf)).caughtUp(projection, awaited),
    historyThenLive: (projection, following) =>
      followerOf(homeOf(projection)).historyThenLive(projection, following),
    sqlOf: (projection) => homeOf(projection).sql,
    topic: (method) => topics.topic(method),
    logger,
  };
}
