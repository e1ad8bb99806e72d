// The door of samspel/testing: a whole system in a test.
export { startSystem } from "./start-system.ts";
export { withSystem } from "./with-system.ts";
export { fromProject } from "./service-spec.ts";
export type {
  ProjectService,
  ServiceCommand,
  ServiceFunction,
  ServiceParts,
  ServiceSettings,
  ServiceSpec,
  StartedService,
} from "./service-spec.ts";
export { SystemError, type System, type SystemOptions, type SystemService, type TestName } from "./system.ts";
export type { Direction, Edge, Fault, FaultOptions, Faults } from "./faults/index.ts";
export type { MemberState } from "./members/index.ts";
export type { Published } from "./published.ts";
