// The way of a change: written to the journal of a source, published by it and projected there, noted by a sink. Both
// are real processes, as many as a test wants of each.
import { join } from "node:path";
import { connect } from "nats";
import postgres from "postgres";
import type { Test } from "tap";
import { migrate, openDatabase } from "../../../../ts-runtime/src/postgres/index.ts";
import { databaseUrl, natsUrl } from "../../../support/environment.ts";
import { testSchema, testTopicPrefix } from "../../../support/isolation.ts";
import { startInstances, type ServiceInstance } from "../../../support/service-instance.ts";
import { silentLogger } from "../../../support/silent-logger.ts";

const fixtures = join(import.meta.dirname, "../fixtures");

export interface PipelineOptions {
  /** For both services. Default: those of the test run. */
  readonly databaseUrl?: string;
  readonly natsUrl?: string;
  /** Of each service, where it goes another way, such as through a proxy. */
  readonly source?: ServiceOptions;
  readonly sink?: ServiceOptions;
}

interface ServiceOptions {
  /** How many instances to begin with. Default 2. */
  readonly instances?: number;
  readonly databaseUrl?: string;
  readonly natsUrl?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Pipeline {
  readonly databaseUrl: string;
  readonly natsUrl: string;
  readonly schemas: { readonly source: string; readonly sink: string };
  readonly prefix: string;
  readonly sources: readonly ServiceInstance[];
  readonly sinks: readonly ServiceInstance[];
  /** Starts more instances. */
  startSources(count: number): Promise<readonly ServiceInstance[]>;
  startSinks(count: number): Promise<readonly ServiceInstance[]>;
}

/** Starts a pipeline of its own for a test; it ends with the test. */
export async function startPipeline(t: Test, options: PipelineOptions = {}): Promise<Pipeline> {
  const database = options.databaseUrl ?? databaseUrl();
  const nats = options.natsUrl ?? natsUrl();
  const isOwn = options.databaseUrl !== undefined;
  const schemas = isOwn ? { source: "source", sink: "sink" } : { source: testSchema(t), sink: testSchema(t) };
  const prefix = options.natsUrl === undefined ? testTopicPrefix(t) : "fault-";
  await makeNoted(database, schemas.sink);
  const start = (kind: "source" | "sink", count: number): Promise<readonly ServiceInstance[]> => {
    const { env = {}, ...own } = options[kind] ?? {};
    return startInstances(t, count, {
      main: join(fixtures, `${kind}-main.ts`),
      env: {
        // A name of its own for each pipeline, as other tests use the registry too.
        SERVICE_NAME: `${kind}-${prefix}${process.pid}`.slice(0, 60),
        DATABASE_URL: own.databaseUrl ?? database,
        NATS_URL: own.natsUrl ?? nats,
        SAMSPEL_SCHEMA: schemas[kind],
        SAMSPEL_TOPIC_PREFIX: prefix,
        ...env,
      },
    });
  };
  // One after the other: the first makes the tables.
  const sources = await start("source", options.source?.instances ?? 2);
  const sinks = await start("sink", options.sink?.instances ?? 2);
  return {
    databaseUrl: database,
    natsUrl: nats,
    schemas,
    prefix,
    sources,
    sinks,
    startSources: (count) => start("source", count),
    startSinks: (count) => start("sink", count),
  };
}

async function makeNoted(url: string, schema: string): Promise<void> {
  await using database = await openDatabase({ url, schema, logger: silentLogger, maxConnections: 1 });
  await migrate(database);
  await database.sql`
    create table noted (
      at bigint generated always as identity primary key, counter_id text not null, value bigint not null
    )`;
}

/** Runs a query in a schema, on a connection of its own. */
export async function query<T>(
  { databaseUrl: url }: Pick<Pipeline, "databaseUrl">,
  schema: string,
  work: (sql: postgres.Sql) => Promise<T>,
): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => {}, connection: { search_path: `"${schema}"` } });
  try {
    return await work(sql);
  } finally {
    await sql.end();
  }
}

/** The topic's messages, as the stream holds them. */
export async function streamed({ natsUrl: url, prefix }: Pipeline): Promise<readonly Uint8Array[]> {
  const connection = await connect({ servers: url });
  try {
    const jetStream = connection.jetstream();
    const name = `${prefix}samspel_test_v1_CounterTopics_Changed`;
    const consumer = await jetStream.consumers.get(name, {
      filterSubjects: [`${prefix}topic.samspel.test.v1.CounterTopics.Changed.*`],
    });
    const { num_pending: pending } = await consumer.info();
    const bodies: Uint8Array[] = [];
    if (pending === 0) return bodies;
    for await (const { data } of await consumer.consume()) {
      bodies.push(data);
      if (bodies.length === pending) break;
    }
    return bodies;
  } finally {
    await connection.close();
  }
}
