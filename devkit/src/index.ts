// samspel: the development environment, for programs. The command line is in `cli/`.
export {
  ConfigError,
  defineProject,
  type BesideEntry,
  type Project,
  type ProjectFile,
  type ProtosEntry,
  type PythonEntry,
  type ServiceDefinition,
  type ServiceEntry,
} from "./config/index.ts";
export {
  DevError,
  startDev,
  type Dev,
  type DevEvent,
  type DevOptions,
  type DevReporter,
  type DevService,
  type DevAction,
  type DevInfraPart,
  type DevProblem,
  type DevProblemKind,
  type DevServiceState,
  type DevServiceStatus,
  type DevSetting,
  type DevSystem,
  type RegisteredInstance,
} from "./dev/index.ts";
export {
  createReporter,
  type Output,
  type RunReporter,
  type TerminalReporterOptions,
} from "./report/index.ts";
