export { backoff, backoffMs, type BackoffOptions } from "./backoff.ts";
