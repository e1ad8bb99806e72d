// The edges of a system.
export { createWiring, infraNames, type InfraName, type Wiring } from "./wiring.ts";
