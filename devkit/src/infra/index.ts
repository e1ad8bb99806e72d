// Infra with nothing installed: Postgres, NATS and the registry, started or given.
export type { Infra, InfraOptions, InfraPart, InfraPartName, PartEnded } from "./infra.ts";
export { InfraError } from "./infra-error.ts";
export { lineReporter, silentReporter, type InfraReporter, type InfraStep } from "./reporter.ts";
export { startInfra } from "./start-infra.ts";

// What tests and runs share.
export { acquireFileLock, LockedError } from "./file-lock.ts";
export { cacheFolder } from "./options.ts";
export { startRegistry, type StartedRegistry } from "./start-registry.ts";
