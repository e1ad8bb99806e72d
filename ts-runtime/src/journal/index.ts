export { createJournal } from "./create-journal.ts";
export type {
  Append,
  AppendResult,
  Checkpoints,
  FollowOptions,
  Journal,
  JournalEvent,
  JournalOptions,
  NewEvent,
  Page,
  ReadOptions,
  RecoveredEvent,
  Recovery,
} from "./journal.ts";
export {
  comparePositions,
  decodePosition,
  encodePosition,
  startPosition,
  type Position,
} from "./position.ts";
