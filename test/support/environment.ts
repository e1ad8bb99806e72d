// Where the infra of a test run is: `npm test` starts it and says so in the environment.

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") {
    throw new Error(
      `${name} is not set: run the tests with \`npm test\`, or one file with \`npm test -- <file>\``,
    );
  }
  return value;
}

/** A Postgres that accepts new schemas. */
export const databaseUrl = (): string => required("TEST_DATABASE_URL");

/** A nats-server with JetStream. */
export const natsUrl = (): string => required("TEST_NATS_URL");

/** A real Consul agent's HTTP address. */
export const consulUrl = (): string => required("TEST_CONSUL_URL");
