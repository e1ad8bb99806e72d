// Calls that people make.
export { call } from "./call.ts";
export { ownName } from "./call-span.ts";
