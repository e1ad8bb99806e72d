// Which instance a call goes to (C3): rules and data, without I/O.
export { Balancer, type Choice } from "./balancer.ts";
export type { Ejected } from "./ejection.ts";
export { InstanceLoad, LoadEntry } from "./instance-load.ts";
export { MemberHealth, type Member } from "./member.ts";
export { answered, isFault, left, type CallOutcome } from "./outcome.ts";
export { UsualLatency } from "./usual-latency.ts";
