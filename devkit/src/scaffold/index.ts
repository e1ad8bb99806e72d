// Making projects and services: what one would have written by hand.
export { newProject } from "./new-project.ts";
export { newService } from "./new-service.ts";
export type { StepRunner } from "./run-step.ts";
export { ScaffoldError } from "./scaffold-error.ts";
