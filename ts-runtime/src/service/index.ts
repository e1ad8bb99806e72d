export { untilAborted } from "./abort.ts";
export { bind, type ServiceBinding } from "./binding.ts";
export { anonymous, callerAddress, callerOf, type Caller } from "./caller.ts";
export { drainingSignal } from "./draining.ts";
export { withDependencies } from "./file-index.ts";
export type { ServerAuth, ServerIdentity } from "./guard.ts";
export type { PortLimits } from "./port-limits.ts";
export { startRpcServer, type RpcServer, type RpcServerOptions } from "./server.ts";

// For what serves without services of its own.
export { createHealth } from "./health.ts";
export { startListener, type Listener } from "./listener.ts";
export { createReflection } from "./reflection.ts";
export type { NodeRequest, NodeResponse } from "./request-handler.ts";
export { bodyOf, inOrder, readToEnd } from "./unread.ts";
