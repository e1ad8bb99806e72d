export { outboxChannel } from "./channels.ts";
export { createCheckpoints } from "./checkpoints.ts";
export { createJournal } from "./create-journal.ts";
export { createRangeProgress } from "./range-progress.ts";
export { followRanges, type RangedEvent, type RangedPage } from "./follow-ranges.ts";
export type { Count } from "./count-events.ts";
export { insertMessages } from "./insert-messages.ts";
export type {
  Append,
  AppendResult,
  Checkpoints,
  Journal,
  JournalEvent,
  JournalOptions,
  RangeCheckpoint,
  Rewriting,
} from "./journal.ts";
export type { OutboxMessage } from "./outbox-message.ts";
export { look, type JournalView } from "./look.ts";
export { comparePositions, encodePosition, startPosition, type Position } from "./position.ts";
export type { FiredTimer, TimerChange, TimerDue } from "./timer-change.ts";
