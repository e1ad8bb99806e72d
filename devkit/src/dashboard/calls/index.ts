// Calls that people make.
export { call } from "./call.ts";
export { beginSpan, endedSpan, ownName } from "./own-span.ts";
