export { readInstanceStates, type CheckState, type Health, type InstanceState } from "./instance-states.ts";
