export {
  createClients,
  type ClientFactory,
  type ClientOptions,
  type Clients,
  type ClientsOptions,
} from "./clients.ts";
export { errorDetail } from "./error-detail.ts";
export type { CallContext } from "./inheriting.ts";
export type { InstanceSource, Target, TargetWatch } from "./instance-source.ts";
