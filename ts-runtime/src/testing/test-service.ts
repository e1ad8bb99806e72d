// startTestService: a real service in the test's own process, on real infra, of which nothing is left afterwards.
//
// Invariants:
//   T1. It shares nothing with others but what `beside` says: a schema, a topic prefix and a registry of its own, a free
//       port, no signal handlers. So tests run beside each other.
//   T2. `close` removes all that it made, also after a failing test; what cannot be removed is named (claim.ts has what
//       becomes of it when the process is killed).
//   T3. A start never half-succeeds (A1).
import type { DescService } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { createEndingClient } from "../client/index.ts";
import { invalidConfiguration } from "../errors/index.ts";
import { startService, type RunningService, type ServiceOptions } from "../host/index.ts";
import { openDatabase, type Database, type Sql } from "../postgres/index.ts";
import { createLogger } from "../telemetry/index.ts";
import { createDirectTransport } from "./direct-transport.ts";
import { eventually, type EventuallyOptions } from "./eventually.ts";
import { layGround, type Ground, type Place } from "./ground.ts";
import { attemptAll, leakError } from "./leaks.ts";
import { requireInfra, resolveInfraOptions, type InfraOptions } from "./settings.ts";

type OwnSettings = "name" | "host" | "port" | "schema" | "topicPrefix" | "ownsProcess" | keyof InfraOptions;

interface TestParts extends Omit<ServiceOptions, OwnSettings> {
  /** The service's name. Default `test`. */
  readonly name?: string;
}

/** A service that stands alone: it brings its infra. */
interface Alone extends InfraOptions {
  readonly beside?: never;
}

/** A service that finds another one, and is found by it. */
interface Beside extends Readonly<Partial<Record<keyof InfraOptions, never>>> {
  /** Shares this one's infra, registry and topics; not its schema. */
  readonly beside: TestService;
}

/**
 * What a service under test is made of: entities, services, topics, projections, subscriptions and the other options of
 * `startService`. By default `drainMs` is 5,000, states are frozen, and the log has errors only, or what `LOG_LEVEL` says.
 */
export type TestServiceOptions = TestParts & (Alone | Beside);

/** A service under test. */
export interface TestService extends AsyncDisposable {
  readonly name: string;
  /** Where it listens; another one after a restart. */
  readonly url: string;
  readonly registryUrl: string;
  readonly topicPrefix: string;
  /**
   * The schema of its tables.
   * @throws SAMSPEL_INVALID_CONFIGURATION where it has no database, as `sql` does.
   */
  readonly schema: string;
  /** Runs SQL in its schema. */
  readonly sql: Sql;
  /**
   * A client of a proto service that it serves. It calls this very instance, and finds it again after a restart.
   * @throws TypeError for a proto service that it does not serve.
   */
  client<S extends DescService>(this: void, service: S): Client<S>;
  /** Waits until `attempt` neither throws nor gives false: see `eventually`. */
  eventually<T>(
    this: void,
    what: string,
    attempt: () => T | Promise<T>,
    options?: EventuallyOptions,
  ): Promise<T>;
  /** Stops it as SIGTERM would, and keeps its data. Safe to call again. */
  stop(this: void): Promise<void>;
  /** Stops it, if it runs, and starts it again on the same data: what was in memory only is gone. */
  restart(this: void): Promise<void>;
  /**
   * Stops it and removes its schema, and with the last of services beside each other their streams and registry.
   * @throws Error that names what could not be removed.
   */
  close(this: void): Promise<void>;
}

const grounds = new WeakMap<TestService, Ground>();

/**
 * Starts a service for a test: `await using service = await startTestService({ entities: [cart] })`.
 * @throws SAMSPEL_INVALID_CONFIGURATION where the infra that it needs is not set, and all that `startService` throws.
 *   Nothing is left then.
 */
export async function startTestService(options: TestServiceOptions): Promise<TestService> {
  const { beside, databaseUrl, natsUrl, registryUrl, name = "test", ...parts } = options;
  const given = { databaseUrl, natsUrl, registryUrl };
  const shared = beside === undefined ? undefined : groundOf(beside, name);
  const infra = shared?.infra ?? resolveInfraOptions(definedOf(given));
  requireInfra(name, parts, infra);
  const logger = options.logger ?? createLogger({ service: name, level: infra.logLevel });
  const ground = shared ?? (await layGround(infra, logger));
  const place = await ground.join({ withBroker: infra.natsUrl !== undefined });
  const settings: ServiceOptions = {
    drainMs: 5_000,
    freezeStates: true,
    ...parts,
    name,
    logger,
    host: "127.0.0.1",
    port: 0,
    registryUrl: ground.registryUrl,
    topicPrefix: ground.topicPrefix,
    ownsProcess: false,
    ...definedOf({ databaseUrl: infra.databaseUrl, natsUrl: infra.natsUrl, schema: place.schema }),
  };
  try {
    const service = await createTestService(settings, ground, place);
    grounds.set(service, ground);
    return service;
  } catch (error) {
    await place.leave();
    throw error;
  }
}

async function createTestService(
  settings: ServiceOptions,
  ground: Ground,
  place: Place,
): Promise<TestService> {
  const { name } = settings;
  const transport = createDirectTransport();
  const start = async (): Promise<RunningService> => {
    const started = await startService(settings);
    transport.connect(urlOf(started));
    return started;
  };
  let running = await start();
  const database = await openTestDatabase(settings, place).catch(async (error: unknown) => {
    transport.close();
    await running.stop();
    throw error;
  });
  let closed: Promise<void> | undefined;

  const stop = async (): Promise<void> => {
    transport.close();
    await running.stop();
  };
  const close = async (): Promise<void> => {
    const leaks = [
      ...(await attemptAll([
        ["running service", stop],
        ["connection to Postgres", async () => database?.close()],
      ])),
      ...(await place.leave()),
    ];
    if (leaks.length > 0) throw leakError(name, leaks);
  };
  const requireDatabase = (): Database => {
    if (database !== undefined) return database;
    throw invalidConfiguration(
      `Test service ${name} has no database: set databaseUrl, TEST_DATABASE_URL or DATABASE_URL to postgres://host:port/database`,
    );
  };
  return {
    name,
    registryUrl: ground.registryUrl,
    topicPrefix: ground.topicPrefix,
    get url() {
      return urlOf(running);
    },
    get schema() {
      return requireDatabase().schema;
    },
    get sql() {
      return requireDatabase().sql;
    },
    client(service) {
      if (!running.protoServices.includes(service.typeName)) {
        throw new TypeError(
          `Test service ${name} does not serve ${service.typeName}: it serves ${running.protoServices.join(", ") || "nothing"}`,
        );
      }
      return createEndingClient(service, transport);
    },
    eventually,
    stop,
    async restart() {
      if (closed !== undefined) throw new TypeError(`Cannot restart test service ${name} as it is closed`);
      await stop();
      running = await start();
    },
    close: () => (closed ??= close()),
    [Symbol.asyncDispose]: () => (closed ??= close()),
  };
}

function groundOf(beside: TestService, name: string): Ground {
  const ground = grounds.get(beside);
  if (ground !== undefined) return ground;
  throw new TypeError(`Cannot start ${name} beside "${beside.name}" as that must come from startTestService`);
}

async function openTestDatabase(
  { databaseUrl, logger = createLogger({ service: "test", level: "silent" }) }: ServiceOptions,
  { schema }: Place,
): Promise<Database | undefined> {
  if (databaseUrl === undefined || schema === undefined) return undefined;
  return openDatabase({
    url: databaseUrl,
    schema,
    maxConnections: 2,
    applicationName: `samspel test of ${schema}`,
    logger,
  });
}

function urlOf({ host, port }: RunningService): string {
  return `http://${host}:${port}`;
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** An object without the properties that are undefined. */
function definedOf<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>;
}
