// A service's own schema in Postgres: connections that all have that schema as their search path, so that SQL is
// written unqualified. One pool is for what users write, whose statements nobody cuts; a small one is for the runtime's
// own short statements, each of which ends in bounded time.
//
// Invariants:
//   D1. `bigint` and `xid8` columns are BigInt; `int` and `smallint` are numbers.
//   D2. A Postgres that restarts is no reason to end: connections come back and LISTEN is subscribed again. A query
//       under way fails with what `isTransient` tells.
//   D3. The runtime's own statements have connections of their own and end in bounded time (see `Bounded`); a
//       statement of a user is never cut.
import postgres from "postgres";
import { SamspelError } from "../errors/index.ts";
import { redactUrl, type Logger } from "../telemetry/index.ts";
import { createBounded, serverLimits, type Bounded } from "./bounded.ts";
import { closePool, type PoolState } from "./close-pool.ts";
import { columnTypes } from "./column-types.ts";
import { mendPoolQueues } from "./pool-queues.ts";
import { transact } from "./transact.ts";
import { createSockets, type Sockets } from "./socket.ts";
import { unreachable } from "./unreachable.ts";
import { createWakeUps } from "./wake-ups.ts";
import { mendResults } from "./whole-results.ts";

/** The column types that are read and written as BigInt. */
interface SqlTypes extends Record<string, unknown> {
  bigint: bigint;
  xid8: bigint;
}

/** Runs SQL: a template string is a query, its values are parameters. */
export type Sql = postgres.Sql<SqlTypes>;

/** Runs SQL inside one transaction: see `transact`. */
export type TransactionSql = postgres.TransactionSql<SqlTypes>;

export interface DatabaseOptions {
  /** Such as `postgres://user@host:5432/database`. */
  readonly url: string;
  /** The service's schema; made if it is missing. Lower-case letters, digits and `_`; 50 characters at the most. */
  readonly schema: string;
  /** The most connections for `sql`. Default 10. One more listens. */
  readonly maxConnections?: number;
  /** The most connections for `bounded`, beside those. Default 4. */
  readonly maxBoundedConnections?: number;
  /**
   * How long a statement of `bounded` may take. Default 4,000 ms: Postgres ends a wait for a lock after 2,000 and a
   * statement after 3,000, and a connection without an answer is given up after 4,000.
   */
  readonly patienceMs?: number;
  /** What the server calls this process in `pg_stat_activity`. Default `samspel <schema>`. */
  readonly applicationName?: string;
  /** Whether Postgres refuses all writes of this process; the schema is not made then. Default false. */
  readonly readOnly?: boolean;
  readonly logger: Logger;
}

export interface Database extends AsyncDisposable {
  /** For what users write: statements and transactions of any length, which nobody cuts. */
  readonly sql: Sql;
  /**
   * Runs one short statement of the runtime's own, such as an append or the renewal of a lease, on connections that no
   * user's statement holds up. It settles within twice `patienceMs` (8,000 ms), whatever the server, the network or
   * another session does; usually within `patienceMs`. Single statements only: no transactions, no LISTEN.
   * @throws What `isTransient` tells where it was cut; `tookNoEffect` says whether nothing was written for certain.
   * @throws SAMSPEL_DATABASE_FULL where Postgres has no room on its disk; nothing was written.
   */
  readonly bounded: Bounded;
  readonly schema: string;
  readonly logger: Logger;
  /**
   * Calls `wake` whenever a process wakes the channel, and after each new subscription, as the ones in between were
   * missed. It only wakes: who needs the truth reads it, and looks as well.
   */
  listen(channel: string, wake: () => void): Promise<Disposable>;
  /**
   * Wakes all who listen to a channel: those of this process at once, all others by a NOTIFY that leaves as soon as the
   * one before has been answered. To be called behind the commit that there is to see; what dies before has woken nobody.
   */
  wake(channel: string): void;
  /** Lets what runs end, for 2 s at the most, and closes all connections. */
  close(): Promise<void>;
}

const sentAtOnceBytes = 1_024;
const schemaPattern = /^[a-z_][a-z0-9_]{0,49}$/;

/**
 * Connects to a service's schema and makes the schema if it is missing.
 * @throws SAMSPEL_INVALID_CONFIGURATION for a schema name of another form.
 * @throws SAMSPEL_DATABASE_UNREACHABLE with the reason and the fix.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { url, schema, logger, readOnly = false, applicationName = `samspel ${schema}` } = options;
  const { maxConnections = 10, maxBoundedConnections = 4, patienceMs = 4_000 } = options;
  if (!schemaPattern.test(schema) || schema.startsWith("pg_")) {
    throw new SamspelError(
      "SAMSPEL_INVALID_CONFIGURATION",
      `Schema must be of lower-case letters, digits and "_", not begin with a digit or "pg_", and have at most 50 characters: current value is "${schema}"`,
    );
  }
  const pool: PoolState = { maxConnections, cut: false };
  const sql = connect(url, { schema, applicationName, readOnly, pool, sockets: createSockets() });
  const sockets = createSockets();
  const boundedPools = Array.from({ length: maxBoundedConnections }, () => {
    const pool: PoolState = { maxConnections: 1, cut: false };
    return { pool, sql: connect(url, { schema, applicationName, readOnly, pool, sockets, patienceMs }) };
  });
  try {
    await mendPoolQueues(sql);
    if (!readOnly) await createSchema(sql, schema);
  } catch (error) {
    await sql.end({ timeout: 0 });
    throw unreachable(error, url);
  }
  logger.debug({ url: redactUrl(url), schema }, "database open");
  const connections = boundedPools.map(({ sql }) => sql);
  const bounded = createBounded({ connections, sockets, patienceMs, logger });
  const wakeUps = createWakeUps({ schema, sql, bounded, logger });
  const close = async (): Promise<void> => {
    await wakeUps.close();
    await Promise.all([{ sql, pool }, ...boundedPools].map(({ sql, pool }) => closePool(sql, pool)));
  };
  return {
    sql,
    bounded,
    schema,
    logger,
    listen: wakeUps.listen,
    wake: wakeUps.wake,
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface Connecting {
  readonly schema: string;
  readonly applicationName: string;
  readonly readOnly: boolean;
  readonly pool: PoolState;
  readonly sockets: Sockets;
  /** Of the connections for bounded statements. */
  readonly patienceMs?: number;
}

const connectTimeoutSeconds = 10;

function connect(url: string, connecting: Connecting): Sql {
  const { schema, applicationName, readOnly, pool, sockets, patienceMs } = connecting;
  const options = {
    max: pool.maxConnections,
    connect_timeout: patienceMs === undefined ? connectTimeoutSeconds : patienceMs / 1_000,
    // Bounded statements do not queue up behind each other on a connection.
    ...(patienceMs === undefined ? {} : { max_pipeline: 0 }),
    // As soon as it is asked for: a restarted Postgres is back within seconds, and who asks waits between attempts.
    backoff: () => 0.05,
    onnotice: () => {},
    onclose: () => {
      pool.cut = true;
    },
    connection: {
      search_path: searchPath(schema),
      application_name: applicationName,
      ...(patienceMs === undefined ? {} : serverLimits(patienceMs)),
      ...(readOnly && { default_transaction_read_only: true }),
    },
    fetch_types: false,
    types: columnTypes,
    // An option of the driver that its types do not name.
    socket: sockets.connect,
  };
  try {
    const sql = postgres(url, options);
    mendResults(sql);
    return sql;
  } catch (error) {
    throw unreachable(error, url);
  }
}

/**
 * The search path, blank behind so that the first message of a connection has over 1,024 bytes. The driver
 * (postgres 3.4.9) sends shorter ones with a timer, and a connection that is cut between a write and that timer never
 * sets one again: it would wait for ever, with the queries that were given to it, as each of its reconnections would.
 * A long message is sent at once, and that mends the connection.
 */
function searchPath(schema: string): string {
  return `"${schema}"`.padEnd(sentAtOnceBytes);
}

/** Looks before it makes, so that a user without the right to make schemas can use one that is there. */
async function createSchema(sql: Sql, schema: string): Promise<void> {
  const [found] = await sql`select from pg_namespace where nspname = ${schema}`;
  if (found !== undefined) return;
  await transact(sql, async (tx) => {
    await tx`select pg_advisory_xact_lock(hashtextextended(${`samspel.schema.${schema}`}, 0))`;
    await tx`create schema if not exists ${tx(schema)}`;
  });
}
