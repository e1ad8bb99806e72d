// The services of a system.
export { createInnerMember } from "./inner-member.ts";
export { createSystemLog, type SystemLog } from "./log.ts";
export type { Member, MemberState } from "./member.ts";
export { createProcessMember } from "./process-member.ts";
