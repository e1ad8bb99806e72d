// What the registry knows, for people: services, their APIs and callers, and what changes between versions.
export { apiOf, type FoundApi } from "./api-of.ts";
export { describeMethod } from "./describe-method.ts";
export { diff, sideOf, sideOfFiles } from "./diff.ts";
export { viewService, type ServiceView } from "./service-view.ts";
export { summarize } from "./summary.ts";
export { ViewError } from "./view-error.ts";
