// Projections in tests: processes that share their work, and totals that show each event that comes twice or too early.
import type { Test } from "tap";
import { createCluster, type Cluster } from "../../ts-runtime/src/cluster/index.ts";
import type { Database, TransactionSql } from "../../ts-runtime/src/postgres/index.ts";
import {
  runProjection,
  type Projection,
  type ProjectionContext,
  type RunProjectionOptions,
} from "../../ts-runtime/src/projection/index.ts";
import type { Process } from "./journal.ts";
import { runUntilEnd } from "./run-until-end.ts";
import { silentLogger as logger } from "./silent-logger.ts";

const clusters = new WeakMap<Process, Cluster>();

/** The cluster of a process; it ends with the test. */
export function clusterOf(t: Test, on: Process, ttlMs: number = 2_000): Cluster {
  const known = clusters.get(on);
  if (known !== undefined) return known;
  const cluster = createCluster({ database: on.database, instance: "test", logger, ttlMs });
  clusters.set(on, cluster);
  t.teardown(() => cluster.close());
  return cluster;
}

/** Runs a projection in a process until the returned function is called, or the test ends. */
export function run(
  t: Test,
  on: Process,
  projection: Projection,
  options: Partial<RunProjectionOptions> = {},
): () => Promise<void> {
  const { database, journal } = on;
  const cluster = clusterOf(t, on);
  return runUntilEnd(t, (signal) =>
    runProjection({ projection, database, journal, cluster, logger, signal, ...options }),
  );
}

/** One row for each entity. */
export const setup = (sql: TransactionSql): Promise<unknown> =>
  sql`create table total (id text primary key, value bigint not null, revisions text not null)`;

/** Not idempotent, and it notes the order: each event that comes twice or too early shows. */
export const add = (
  { amount }: { readonly amount: bigint },
  { sql, entityId, revision }: Pick<ProjectionContext, "sql" | "entityId" | "revision">,
): Promise<unknown> => sql`
  insert into total (id, value, revisions) values (${entityId}, ${amount}, ${String(revision)})
  on conflict (id) do update set value = total.value + excluded.value,
    revisions = total.revisions || ',' || excluded.revisions`;

export interface Total {
  readonly id: string;
  readonly value: bigint;
  readonly revisions: string;
}

/** The rows; none where the table is not there yet. */
export async function totals({ sql }: Pick<Database, "sql">): Promise<readonly Total[]> {
  return sql<Total[]>`select id, value, revisions from total order by id`.catch(() => []);
}

export const sumOf = async (database: Pick<Database, "sql">): Promise<bigint> =>
  (await totals(database)).reduce((sum, { value }) => sum + value, 0n);

/** `1,2,3`: each of so many events once, in order. */
export const upTo = (count: number): string => Array.from({ length: count }, (_, index) => index + 1).join();
