// The system: what runs, what is registered, what passed.
export { createRegistrySystem } from "./registry-system.ts";
export { createSystemWatch, type SystemWatch } from "./system-watch.ts";
