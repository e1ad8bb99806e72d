export { createBackoffice } from "./backoffice.ts";
export type { BackofficeParts } from "./parts.ts";
