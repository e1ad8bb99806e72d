// The edges of a system.
export { createWiring, infraNames, type InfraName, type InfraUrls, type Wiring } from "./wiring.ts";
