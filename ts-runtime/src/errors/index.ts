export { errorCodes, type ErrorCode } from "./codes.ts";
export { isExpected, toConnectError } from "./connect-error.ts";
export { invalidConfiguration } from "./invalid-configuration.ts";
export { neverRanTrailer } from "./never-ran.ts";
export { reject } from "./reject.ts";
export { asRequestFault } from "./request-fault.ts";
export { detail, SamspelError, type SamspelErrorOptions } from "./samspel-error.ts";
