// samspel: the development environment, for programs. The command line is in `cli/`.
export {
  startCollector,
  type Collector,
  type CollectorOptions,
  type EdgeKind,
  type LogRecord,
  type Span,
  type SpanEvent,
  type SpanKind,
  type SpanLink,
  type Trace,
  type TraceFilter,
  type TraceSummary,
  type Traffic,
  type TrafficEdge,
  type TrafficReport,
} from "./collector/index.ts";
export { ConfigError, type Project, type ServiceDefinition } from "./config/index.ts";
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
