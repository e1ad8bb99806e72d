// The door, and `@samspel/runtime/compatibility` to the devkit, which needs nothing of a running service.
export { changeRules, type ChangeVerdict, type ServiceChange } from "./change.ts";
export { compareServices } from "./compare-services.ts";

// Symbols below are for the commands of the registry.
export { descriptorSetOf, readDescriptorSet } from "../descriptor/index.ts";
