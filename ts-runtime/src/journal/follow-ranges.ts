// Reading the journal once for all ranges that an instance holds of a work, though each has a position of its own.
import { rangeOf } from "../cluster/index.ts";
import type { Journal, JournalEvent, Page } from "./journal.ts";
import { comparePositions, startPosition, type Position } from "./position.ts";

/** An event, and the range that it belongs to. */
export interface RangedEvent extends JournalEvent {
  /** 0 to 15. */
  readonly range: number;
}

export interface RangedPage {
  /** In order of their positions; none that its range has behind it. May be empty. */
  readonly events: readonly RangedEvent[];
  /** All ranges that are not further have come so far with this page. */
  readonly next: Position;
}

export interface FollowRangesOptions {
  /** How far each of the ranges has come. */
  readonly from: ReadonlyMap<number, Position>;
  /** Default: all types. */
  readonly entityTypes?: readonly string[];
  /** The most events of a page. Default 1,000. */
  readonly limit?: number;
  readonly signal: AbortSignal;
  /** As of `Journal.follow`. */
  readonly idleMs?: number;
  readonly metadata?: boolean;
}

/** Follows the journal from the least of the positions; otherwise as `Journal.follow`. */
export async function* followRanges(
  journal: Pick<Journal, "follow">,
  { from, ...options }: FollowRangesOptions,
): AsyncGenerator<RangedPage, void> {
  const [after = startPosition] = [...from.values()].toSorted(comparePositions);
  const ahead = new Map(from);
  for await (const page of journal.follow({ ...options, after, ranges: [...from.keys()] })) {
    yield { events: withRanges(page, ahead), next: page.next };
    // Once the reader has passed it, a range's own position says nothing more.
    for (const [range, position] of ahead) {
      if (comparePositions(position, page.next) <= 0) ahead.delete(range);
    }
  }
}

function withRanges({ events }: Page, ahead: ReadonlyMap<number, Position>): readonly RangedEvent[] {
  const result: RangedEvent[] = [];
  for (const event of events) {
    const range = rangeOf(event.slice);
    const behind = ahead.get(range);
    if (behind === undefined || comparePositions(event.position, behind) > 0)
      result.push({ ...event, range });
  }
  return result;
}
