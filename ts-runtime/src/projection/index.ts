export { createCatchUp, type CatchUp, type CaughtUpOptions } from "./catch-up.ts";
export { projectionChanges } from "./changes.ts";
export type { ProjectionContext } from "./context.ts";
export {
  pauseProjection,
  rebuildProjection,
  resetProjection,
  resumeProjection,
  type ProjectionRef,
  type ResetTo,
} from "./control.ts";
export { dropParked, listParked, retryParked, type ParkedKey } from "./parked.ts";
export {
  createChangeFollower,
  type ChangeFollower,
  type HistoryThenLiveOptions,
} from "./history-then-live.ts";
export { project } from "./project.ts";
export type { ChangingProjection, Projection } from "./projection.ts";
export { runProjection, type RunProjectionOptions } from "./run-projection.ts";
export { setUpProjection } from "./set-up-projection.ts";
export { on } from "./source.ts";
export { projectionState, type BuildState } from "./state.ts";
