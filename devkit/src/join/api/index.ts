export { findApi } from "./find-api.ts";
export { readProtoFiles } from "./proto-files.ts";
export { setOf } from "./file-set.ts";
export { reflect } from "./reflect.ts";
