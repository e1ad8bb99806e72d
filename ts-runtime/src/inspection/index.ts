export { createInspection } from "./inspection.ts";
