// Joining without code: programs that know nothing of us, run or found by `samspel join` and `samspel register`.
export { readProtoFiles, reflect, setOf } from "./api/index.ts";
export { JoinError } from "./join-error.ts";
export type { JoinedOptions } from "./joined-options.ts";
export { portAnswers, urlOf } from "./probe.ts";
export { place, removeInstances } from "./register/place.ts";
export { keepJoined, type JoinReporter } from "./run/keep-joined.ts";
export { runJoined } from "./run/run-joined.ts";
export type { CheckKind } from "./settle-check.ts";
