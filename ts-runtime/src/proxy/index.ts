// The door, and `@samspel/runtime/proxy`: what a gateway is made of, which speaks on both sides what services speak and
// has no services of its own.
export {
  createProxyCalls,
  type ClientIdentity,
  type ProxyCalls,
  type ProxyCallsOptions,
  type RawResponse,
} from "../client/index.ts";
export { SamspelError, toConnectError } from "../errors/index.ts";
export { tuneProcess } from "../grpc/index.ts";
export { endsWithin } from "../resilience/index.ts";
export {
  bind,
  bodyOf,
  createHealth,
  createReflection,
  inOrder,
  readToEnd,
  startListener,
  type Listener,
  type NodeRequest,
  type NodeResponse,
  type ServiceBinding,
} from "../service/index.ts";
export {
  activeTrace,
  createLogger,
  createTracing,
  extractTrace,
  openTracing,
  redactUrl,
  startExport,
  traceHeadersOf,
  tracePassedOn,
  type Logger,
  type OpenTracingOptions,
  type OwnTracing,
  type RunningSpan,
  type Tracing,
} from "../telemetry/index.ts";
