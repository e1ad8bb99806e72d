// gRPC on the wire, at both ends: what a stream of it does, and Node's HTTP/2, which carries it.
export {
  handlerContext,
  hasEnded,
  requestHeaderOf,
  type CallContext,
  type CallOrigin,
} from "./call-context.ts";
export { isBinaryGrpc } from "./content-type.ts";
export { Deadlines, type Deadline } from "./deadlines.ts";
export { letStreamsGo } from "./node/session-tables.ts";
export { tuneProcess } from "./node/tune-process.ts";
export { NodeServerStream } from "./node/server-stream.ts";
export { ownProperties } from "./own-properties.ts";
export { RequestMemory } from "./request-memory.ts";
export { createGrpcServer } from "./server.ts";
export type { CallEdge, Run, ServedMethod } from "./served-method.ts";
export type { ServerCall } from "./server-call.ts";
export { shareStatus } from "./status.ts";
export { StreamFailure } from "./stream-failure.ts";
export { parseTimeout } from "./timeout.ts";
export { createGrpcClientTransport } from "./client-transport.ts";
export { NodeClientConnection } from "./node/client-connection.ts";
export type { RawStream } from "./node/raw-stream.ts";
