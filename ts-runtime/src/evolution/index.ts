export { checkEvents } from "./check-events.ts";
