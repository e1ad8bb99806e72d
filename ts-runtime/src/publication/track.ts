// How far a publication has come in each of its ranges: over events whose messages are all stored, from the first on.
import type { HeldRange } from "../cluster/index.ts";
import {
  comparePositions,
  startPosition,
  type Position,
  type RangeCheckpoint,
  type RangedEvent,
} from "../journal/index.ts";

/** An event that is being published. */
export interface Tracked {
  readonly range: number;
  readonly position: Position;
  /** Of its messages, so many are not stored yet. */
  pending: number;
}

export interface Track {
  /** Events that are not behind us yet. */
  readonly waiting: number;
  /** Takes in the next event of its range. */
  add(event: RangedEvent, messages: number): Tracked;
  /** All events up to there were taken in, but for those of ranges that are blocked. */
  reach(position: Position): void;
  /** Nothing of the range counts as reached any more, beyond what was taken in. */
  block(range: number): void;
  isBlocked(range: number): boolean;
  /** One of the event's messages is stored. */
  stored(tracked: Tracked): void;
  /** What can be saved; with `idle`, also of ranges that had no events since the last save. */
  savable(idle: boolean): readonly RangeCheckpoint[];
  /** These are saved. */
  saved(positions: readonly RangeCheckpoint[]): void;
  /** Up to where all events of each range are stored, saved or not. */
  done(): ReadonlyMap<number, Position>;
}

interface RangeTrack {
  readonly epoch: bigint;
  /** In order; `from` of them are done. */
  queue: Tracked[];
  from: number;
  /** Up to where all are done. */
  done: Position;
  saved: Position;
  isBlocked: boolean;
}

export interface TrackOptions {
  readonly held: readonly HeldRange[];
  /** Up to where all is stored. */
  readonly from: ReadonlyMap<number, Position>;
  /** Up to where that is saved. Default: all of it. */
  readonly saved?: ReadonlyMap<number, Position>;
}

/** Tracks the ranges that are held, from where they stand. */
export function createTrack({ held, from, saved = from }: TrackOptions): Track {
  let reached = startPosition;
  let waiting = 0;
  const ranges = new Map<number, RangeTrack>(
    held.map(({ range, epoch }) => {
      const at = from.get(range) ?? startPosition;
      const savedAt = saved.get(range) ?? startPosition;
      return [range, { epoch, queue: [], from: 0, done: at, saved: savedAt, isBlocked: false }];
    }),
  );

  const settle = (track: RangeTrack): void => {
    for (;;) {
      const first = track.queue[track.from];
      if (first === undefined || first.pending > 0) break;
      track.done = first.position;
      track.from += 1;
      waiting -= 1;
    }
    if (track.from > 1_024 && track.from * 2 > track.queue.length) {
      track.queue = track.queue.slice(track.from);
      track.from = 0;
    }
  };

  return {
    get waiting() {
      return waiting;
    },
    add({ range, position }, messages) {
      const tracked: Tracked = { range, position, pending: messages };
      const track = ranges.get(range);
      track?.queue.push(tracked);
      waiting += 1;
      if (messages === 0 && track !== undefined) settle(track);
      return tracked;
    },
    reach(position) {
      reached = position;
    },
    block(range) {
      const track = ranges.get(range);
      if (track !== undefined) track.isBlocked = true;
    },
    isBlocked: (range) => ranges.get(range)?.isBlocked === true,
    stored(tracked) {
      tracked.pending -= 1;
      const track = ranges.get(tracked.range);
      if (tracked.pending === 0 && track !== undefined) settle(track);
    },
    savable(idle) {
      const result: RangeCheckpoint[] = [];
      for (const [range, track] of ranges) {
        const isEmpty = track.from === track.queue.length;
        const hadEvents = comparePositions(track.done, track.saved) > 0;
        const position =
          isEmpty && !track.isBlocked && comparePositions(reached, track.done) > 0 ? reached : track.done;
        if (!(hadEvents || idle) || comparePositions(position, track.saved) <= 0) continue;
        track.done = position;
        result.push({ range, epoch: track.epoch, position });
      }
      return result;
    },
    saved(positions) {
      for (const { range, position } of positions) {
        const track = ranges.get(range);
        if (track !== undefined) track.saved = position;
      }
    },
    done: () => new Map([...ranges].map(([range, { done }]) => [range, done])),
  };
}
