// Calling what is known only when the program runs: by the registry, descriptors and JSON.
export { createApiCatalog } from "./api-catalog.ts";
export type { CallEvent, DynamicCall } from "./call.ts";
export { createDynamicCaller, type DynamicCaller } from "./caller.ts";
export { DynamicError } from "./dynamic-error.ts";
export { requestTemplate } from "./request-template.ts";
