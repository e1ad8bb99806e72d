// The connections that a service needs, and no others: Postgres with its journal, NATS.
import { hostname } from "node:os";
import { createCluster, type Cluster } from "../cluster/index.ts";
import { createJournal, type Journal } from "../journal/index.ts";
import { migrate, openDatabase, type Database } from "../postgres/index.ts";
import type { Logger } from "../telemetry/index.ts";
import { createLazyBroker } from "../tell/index.ts";
import { openBroker, type Broker, type BrokerOptions } from "../topic/index.ts";
import { endWithin } from "./end-within.ts";
import type { ResolvedServiceOptions, ServiceOptions } from "./options.ts";
import { openReadModels, type ReadModels } from "./read-models.ts";

/** What is connected. The settings are checked before, so what a service needs is there. */
export interface OpenInfra {
  readonly database: Database | undefined;
  readonly broker: Broker | undefined;
  requireDatabase(): Database;
  requireJournal(): Journal;
  requireCluster(): Cluster;
  requireBroker(): Broker;
  /**
   * The connection to NATS, made when it is first asked for where nothing needed it at the start.
   * @throws SAMSPEL_INVALID_CONFIGURATION without `NATS_URL`.
   */
  connectBroker(this: void): Promise<Broker>;
  /** Whether the service may publish: NATS is set. */
  readonly hasBroker: boolean;
  /** The databases of projections that are not in `database`. */
  readonly readModels: ReadModels;
}

/** Less than the default deadline of a call, so that callers learn that it is the database which is away. */
const retryForMs = 8_000;

/** Of a stop: by now all calls have ended, or their grace has. */
const closeJournalWithinMs = 2_000;
const closeClusterWithinMs = 1_000;

interface Opening {
  readonly logger: Logger;
  readonly begun: AsyncDisposableStack;
}

/** Connects, to both at once, and brings the schema up to date. */
export async function openInfra(
  options: ServiceOptions,
  settings: ResolvedServiceOptions,
  opening: Opening,
): Promise<OpenInfra> {
  const needsBroker = [options.topics, options.liveTopics, options.subscriptions].some(
    (list) => (list?.length ?? 0) > 0,
  );
  // Both are awaited even where one fails, so that neither connects behind the back of the error.
  const [databaseOpened, brokerOpened] = await Promise.allSettled([
    openServiceDatabase(settings, opening),
    needsBroker ? openServiceBroker(settings, opening) : undefined,
  ]);
  const database = valueOf(databaseOpened);
  const broker = valueOf(brokerOpened);
  const journal =
    database &&
    opening.begun.adopt(
      createJournal({ database, retryForMs, commandRetentionMs: settings.commandRetentionMs }),
      (journal) =>
        endWithin(closeJournalWithinMs, journal.close(), { what: "the journal", logger: opening.logger }),
    );
  const later = opening.begun.use(
    createLazyBroker(settings.natsUrl === undefined ? undefined : brokerOptions(settings, opening.logger)),
  );
  const cluster = database && openCluster(database, settings, opening);
  const readModels = await openReadModels(options.projections ?? [], opening);
  return {
    connectBroker: () => (broker === undefined ? later.connect() : Promise.resolve(broker)),
    database,
    broker,
    requireDatabase: () => required(database, "database"),
    requireJournal: () => required(journal, "journal"),
    requireCluster: () => required(cluster, "database"),
    requireBroker: () => required(broker, "broker"),
    hasBroker: settings.natsUrl !== undefined,
    readModels,
  };
}

/** The instance's name is for whoever looks at the leases. */
function openCluster(
  database: Database,
  { name }: ResolvedServiceOptions,
  { logger, begun }: Opening,
): Cluster {
  return begun.adopt(
    createCluster({ database, logger, instance: `${name}@${hostname()}/${process.pid}` }),
    (cluster) => endWithin(closeClusterWithinMs, cluster.close(), { what: "the cluster", logger }),
  );
}

async function openServiceDatabase(
  { databaseUrl, schema }: ResolvedServiceOptions,
  { logger, begun }: Opening,
): Promise<Database | undefined> {
  if (databaseUrl === undefined) return undefined;
  const database = begun.use(await openDatabase({ url: databaseUrl, schema, logger }));
  await migrate(database);
  return database;
}

async function openServiceBroker(
  settings: ResolvedServiceOptions,
  { logger, begun }: Opening,
): Promise<Broker | undefined> {
  if (settings.natsUrl === undefined) return undefined;
  return begun.use(await openBroker(brokerOptions(settings, logger)));
}

function brokerOptions(
  { natsUrl = "", topicPrefix, name }: ResolvedServiceOptions,
  logger: Logger,
): BrokerOptions {
  return { url: natsUrl, prefix: topicPrefix, name, logger };
}

function valueOf<T>(result: PromiseSettledResult<T>): T {
  if (result.status === "rejected") throw result.reason;
  return result.value;
}

function required<T>(part: T | undefined, what: string): T {
  if (part === undefined) throw new Error(`The service was started without a ${what}`);
  return part;
}
