export type { AdaptiveLimitOptions } from "./adaptive-limit.ts";
export { ServerLimits, type Limited } from "./server-limits.ts";
