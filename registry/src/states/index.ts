export { readInstanceStates, type CheckState, type InstanceState } from "./instance-states.ts";
export { watchStates, type StatesWatch } from "./state-watch.ts";
