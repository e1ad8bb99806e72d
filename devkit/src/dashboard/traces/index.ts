// What happened, as spans.
export { getTrace, listTraces } from "./traces.ts";
