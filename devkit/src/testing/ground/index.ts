// What a system of a test stands on.
export { layGround, type Ground } from "./ground.ts";
export { findInfra } from "./find-infra.ts";
export type { InfraAddresses } from "./shared-infra.ts";
