// Infra with nothing installed: Postgres, NATS and the registry, started or given.
export type { GivenPart, Infra, InfraOptions, InfraPart, InfraPartName, PartEnded } from "./infra.ts";
export { lineReporter, silentReporter, type InfraReporter, type InfraStep } from "./reporter.ts";
