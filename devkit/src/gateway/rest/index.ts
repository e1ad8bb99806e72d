export { bindingsOf, type RestBinding } from "./binding.ts";
export { handleRest, writeFailure, type RestOptions } from "./handle-rest.ts";
export { RestError } from "./rest-error.ts";
export { createRouteTree, type RouteTree } from "./route-tree.ts";
export { asWriter, writeJson } from "./write-response.ts";
