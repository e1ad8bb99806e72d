// Whether all is there that a project needs, and how to get what is not.
export { examine } from "./examine.ts";
export type { Finding } from "./finding.ts";
