// samspel.json: what a project consists of.
export { ConfigError } from "./config-error.ts";
export { defineProject } from "./define-project.ts";
export { loadProject } from "./load-project.ts";
export { fillPlaceholders, urlOf } from "./placeholders.ts";
export type {
  BesideDefinition,
  Program,
  Project,
  ProtosDefinition,
  ServiceDefinition,
  UnmanagedService,
} from "./project.ts";
export type { BesideEntry, ProjectFile, ProtosEntry, PythonEntry, ServiceEntry } from "./schema.ts";
export { serviceNamePattern, serviceNameRule } from "./service-name.ts";
