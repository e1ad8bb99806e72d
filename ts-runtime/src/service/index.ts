export { untilAborted } from "./abort.ts";
export { bind, type ServiceBinding } from "./binding.ts";
export { anonymous, callerAddress, callerOf, type Caller } from "./caller.ts";
export { drainingSignal } from "./draining.ts";
export { withDependencies } from "./file-index.ts";
export type { ServerIdentity } from "./guard.ts";
export { startRpcServer, type RpcServer, type RpcServerOptions } from "./server.ts";
