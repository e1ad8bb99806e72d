// Calling what is known only when the program runs: by the registry, descriptors and JSON.
export { createApiCatalog, type ApiCatalog, type ServedProtoService } from "./api-catalog.ts";
export type { CallEvent, DynamicCall } from "./call.ts";
export { createDynamicCaller, type DynamicCaller } from "./caller.ts";
export { DynamicError } from "./dynamic-error.ts";
export { createInstanceClients } from "./instance-clients.ts";
export { readMessage, writeMessage } from "./json-message.ts";
export { requestTemplate } from "./request-template.ts";
export { traceIdOf } from "./trace.ts";
export { untilServed } from "./until-served.ts";
