// The door, and `@samspel/runtime/evolution` to the devkit, which needs nothing of a running service.
export { checkEvents } from "./check-events.ts";

// Symbols below are for `samspel journal check`.
export { SamspelError } from "../errors/index.ts";
export { checkJournal, type EntityCheck } from "./check-journal.ts";

// Symbols below are for other comparisons of two versions.
export { compareOnWire, reservedNumber } from "./compare-messages.ts";
export type { Finding } from "./finding.ts";
