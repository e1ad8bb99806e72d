export { readInstanceStates, type CheckState, type InstanceState } from "./instance-states.ts";
