export { createBackoffice } from "./backoffice.ts";
