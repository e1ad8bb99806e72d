// What can be called, and how.
export { createApis, type Apis } from "./apis.ts";
export { createComments, type Comments } from "./comments.ts";
export { jsonSchema } from "./json-schema.ts";
export { findMethods, listMethods, type FoundMethod } from "./list-methods.ts";
