export { untilAborted } from "./abort.ts";
export { bind, type ServiceBinding } from "./binding.ts";
export { callerAddress } from "./caller.ts";
export { drainingSignal } from "./draining.ts";
export { withDependencies } from "./file-index.ts";
export { startRpcServer, type RpcServer, type RpcServerOptions } from "./server.ts";
