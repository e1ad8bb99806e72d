export { projectionChanges } from "./changes.ts";
export {
  project,
  type BatchHandler,
  type ProjectedEvent,
  type Projection,
  type ProjectionContext,
  type ProjectionDefinition,
  type ProjectionHandler,
  type ProjectionHandlers,
  type ProjectionRetryOptions,
} from "./project.ts";
export { runProjection, type RunProjectionOptions } from "./run-projection.ts";
export { setUpProjection } from "./set-up-projection.ts";
