export { projectionChanges } from "./changes.ts";
export { project, type Projection, type ProjectionContext } from "./project.ts";
export { runProjection, type RunProjectionOptions } from "./run-projection.ts";
export { setUpProjection } from "./set-up-projection.ts";
