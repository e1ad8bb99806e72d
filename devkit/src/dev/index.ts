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
