// samspel.json: what a project consists of.
export { ConfigError } from "./config-error.ts";
export { loadProject } from "./load-project.ts";
export { fillPlaceholders, urlOf } from "./placeholders.ts";
export type { Project, ServiceDefinition } from "./project.ts";
