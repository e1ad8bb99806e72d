// The development run: a project's services and their infra, started, watched and stopped together.
export type { Companions } from "./companions.ts";
export type { Dev, DevEvent, DevOptions, DevReporter, DevService, RegisteredInstance } from "./dev.ts";
export { DevError } from "./dev-error.ts";
export type {
  DevAction,
  DevInfraPart,
  DevProblem,
  DevProblemKind,
  DevServiceState,
  DevServiceStatus,
  DevSetting,
  DevSystem,
} from "./dev-system.ts";
export { startDev } from "./start-dev.ts";

// What starts the services of a test, too.
export { buildService } from "./build-service.ts";
export { preparePython } from "./python-environment.ts";
export { resolveProgram, serviceEnvironment } from "./service-environment.ts";
export { untilReady } from "./until-ready.ts";
