export { createJournal } from "./create-journal.ts";
export type { Append, Journal, JournalEvent, JournalOptions, Page } from "./journal.ts";
export { startPosition, type Position } from "./position.ts";
