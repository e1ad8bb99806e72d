// A member of a cluster for one test: a "process" that shares work with others on its schema.
import type { Test } from "tap";
import { createCluster, type Cluster, type ClusterOptions } from "../../ts-runtime/src/cluster/index.ts";
import type { Database } from "../../ts-runtime/src/postgres/index.ts";
import { silentLogger as logger } from "./silent-logger.ts";

/** Joins the cluster of a database; it leaves with the test. */
export function testCluster(t: Test, database: Database, options: Partial<ClusterOptions> = {}): Cluster {
  const cluster = createCluster({ database, instance: "test", logger, ...options });
  t.teardown(() => cluster.close());
  return cluster;
}
