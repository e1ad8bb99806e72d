// Where a system finds Postgres and NATS: options, else the test run's variables, else a service's own, else those that all
// tests of this machine share, which are started by whoever comes first.
import { sharedInfra, type InfraAddresses } from "./shared-infra.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws InfraError when what has to be started cannot be. */
export async function findInfra(
  options: Partial<InfraAddresses>,
  environment: Environment = process.env,
): Promise<InfraAddresses> {
  const variable = (...names: readonly string[]): string | undefined =>
    names.map((name) => environment[name]).find((value) => value !== undefined && value !== "");
  const databaseUrl = options.databaseUrl ?? variable("TEST_DATABASE_URL", "DATABASE_URL");
  const natsUrl = options.natsUrl ?? variable("TEST_NATS_URL", "NATS_URL");
  if (databaseUrl !== undefined && natsUrl !== undefined) return { databaseUrl, natsUrl };
  const shared = await sharedInfra(environment);
  return { databaseUrl: databaseUrl ?? shared.databaseUrl, natsUrl: natsUrl ?? shared.natsUrl };
}
