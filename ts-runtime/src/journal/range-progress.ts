// Which checkpoints to write after a page: those of ranges that had events in it, and the others about once a second,
// so that a page with one event does not cost sixteen rows.
import type { HeldRange } from "../cluster/index.ts";
import type { RangeCheckpoint } from "./journal.ts";
import type { RangedPage } from "./follow-ranges.ts";
import { comparePositions, startPosition, type Position } from "./position.ts";

export interface RangeProgress {
  /** What to save with, or after, this page. */
  after(page: RangedPage): readonly RangeCheckpoint[];
  /** What was not saved yet, for the end. */
  rest(): readonly RangeCheckpoint[];
}

export interface RangeProgressOptions {
  readonly held: readonly HeldRange[];
  /** What `claimRanges` gave. */
  readonly from: ReadonlyMap<number, Position>;
  /** How long a checkpoint may stay behind where its range had no events. Default 1,000 ms. */
  readonly idleSaveMs?: number;
}

/** Keeps track of how far each of the held ranges has come, and of what is saved of it. */
export function createRangeProgress({ held, from, idleSaveMs = 1_000 }: RangeProgressOptions): RangeProgress {
  const saved = new Map(from);
  let reached = startPosition;
  let allSavedAtMs = performance.now();

  const take = (wanted: (range: number) => boolean): readonly RangeCheckpoint[] => {
    const result: RangeCheckpoint[] = [];
    for (const { range, epoch } of held) {
      if (!wanted(range) || comparePositions(saved.get(range) ?? startPosition, reached) >= 0) continue;
      saved.set(range, reached);
      result.push({ range, epoch, position: reached });
    }
    return result;
  };

  return {
    after({ events, next }) {
      reached = next;
      if (performance.now() - allSavedAtMs >= idleSaveMs) {
        allSavedAtMs = performance.now();
        return take(() => true);
      }
      const busy = new Set(events.map(({ range }) => range));
      return take((range) => busy.has(range));
    },
    rest: () => take(() => true),
  };
}
