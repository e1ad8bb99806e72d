// What is passed on to services as it is.
export { passOn, readPassedPath } from "./pass-on.ts";
export { createTransports } from "./transports.ts";
