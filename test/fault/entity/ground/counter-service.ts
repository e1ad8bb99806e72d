// Instances of the counter service, as real processes.
import { join } from "node:path";
import type { Test } from "tap";
import { startInstances, type ServiceInstance } from "../../../support/service-instance.ts";

const main = join(import.meta.dirname, "../fixtures/counter-main.ts");

export type Instance = ServiceInstance;

export interface CounterServiceOptions {
  readonly databaseUrl: string;
  readonly schema: string;
  /** Default 2. */
  readonly instances?: number;
  /** For Node, before the file, such as `--import`. */
  readonly nodeArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the instances; they end with the test, also when it is killed. */
export function startCounterService(
  t: Test,
  { databaseUrl, schema, instances = 2, nodeArgs = [], env = {} }: CounterServiceOptions,
): Promise<readonly Instance[]> {
  return startInstances(t, instances, {
    main,
    nodeArgs,
    env: {
      // A name of its own for each schema, as other tests use the registry too.
      SERVICE_NAME: `counter-${schema.replaceAll("_", "-").slice(0, 40)}`,
      DATABASE_URL: databaseUrl,
      SAMSPEL_SCHEMA: schema,
      ...env,
    },
  });
}
