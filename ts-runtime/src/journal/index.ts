export { createJournal } from "./create-journal.ts";
export type { Count } from "./count-events.ts";
export type { Append, Journal, JournalEvent, JournalOptions, Page } from "./journal.ts";
export { look, type JournalView } from "./look.ts";
export { encodePosition, startPosition, type Position } from "./position.ts";
