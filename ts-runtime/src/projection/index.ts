export { createCatchUp, type CatchUp, type CaughtUpOptions } from "./catch-up.ts";
export { projectionChanges } from "./changes.ts";
export type { ProjectionContext, ProjectionScope } from "./context.ts";
export {
  pauseProjection,
  rebuildProjection,
  resetProjection,
  resumeProjection,
  type ProjectionRef,
  type ResetOptions,
  type ResetTo,
} from "./control.ts";
export {
  dropParked,
  listParked,
  retryParked,
  type ListParkedOptions,
  type ParkedEvent,
  type ParkedKey,
} from "./parked.ts";
export {
  createChangeFollower,
  type ChangeFollower,
  type HistoryThenLiveOptions,
} from "./history-then-live.ts";
export { project } from "./project.ts";
export type { ChangingProjection, OnFailure, Projection, ReadModelDatabase } from "./projection.ts";
export { runProjection, type RunProjectionOptions } from "./run-projection.ts";
export { setUpProjection } from "./set-up-projection.ts";
export { on } from "./source.ts";
export {
  projectionState,
  type BuildState,
  type ProjectionState,
  type ProjectionStateOptions,
} from "./state.ts";
