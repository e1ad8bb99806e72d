// The methods that can be called.
export { createApis, type Apis } from "./apis.ts";
export { findMethods, listMethods } from "./list-methods.ts";
