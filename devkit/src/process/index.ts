// Supervised child processes and ports: what the dev runner and infra start things with.
export { blockPort, freePort, inspectPort, stablePort, thisOrFreePort, type PortState } from "./ports.ts";
export {
  describeExit,
  type OutputLine,
  type ProcessExit,
  type ProcessSpec,
  type ProcessState,
  type SupervisedProcess,
  type SystemUser,
  type Tier,
} from "./process.ts";
export { superviseProcesses, type Supervisor } from "./supervisor.ts";
