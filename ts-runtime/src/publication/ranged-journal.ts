// The journal and its checkpoints as a publication reads them: by ranges, or as a whole where it is ordered by the
// journal.
import type { HeldRange } from "../cluster/index.ts";
import {
  comparePositions,
  followRanges,
  type Journal,
  type Position,
  type RangeCheckpoint,
  type RangedPage,
} from "../journal/index.ts";
import type { Database } from "../postgres/index.ts";

export interface RangedJournal {
  claim(): Promise<ReadonlyMap<number, Position>>;
  save(positions: readonly RangeCheckpoint[]): Promise<void>;
  follow(
    from: ReadonlyMap<number, Position>,
    options: {
      readonly entityTypes: readonly string[];
      readonly limit: number;
      readonly signal: AbortSignal;
      readonly idleMs: number;
    },
  ): AsyncIterable<RangedPage>;
}

export interface RangedJournalOptions {
  readonly journal: Journal;
  readonly database: Database;
  /** Of the checkpoints. */
  readonly name: string;
  readonly held: readonly HeldRange[];
}

export function inRanges({ journal, database, name, held }: RangedJournalOptions): RangedJournal {
  const { checkpoints } = journal;
  return {
    claim: () => checkpoints.claimRanges({ name, held }),
    save: (positions) => database.bounded((sql) => checkpoints.saveRanges(sql, { name, positions })),
    follow: (from, options) => followRanges(journal, { from, ...options }),
  };
}

/** All is one range, 0. */
export function asWhole({ journal, database, name, held }: RangedJournalOptions): RangedJournal {
  const { checkpoints } = journal;
  const epoch = held[0]?.epoch ?? 0n;
  return {
    claim: async () => new Map([[0, await checkpoints.claim({ name, epoch })]]),
    async save(positions) {
      for (const { position } of positions)
        await database.bounded((sql) => checkpoints.save(sql, { name, position, epoch }));
    },
    async *follow(from, options) {
      const after = from.get(0) ?? { tx: 0n, sequence: 0n };
      for await (const { events, next } of journal.follow({ after, ...options }))
        yield { events: events.map((event) => Object.assign({ range: 0 }, event)), next };
    },
  };
}

/** What this process knows to be stored may be further than what is saved. */
export function furthest(
  claimed: ReadonlyMap<number, Position>,
  stored: ReadonlyMap<number, Position>,
): ReadonlyMap<number, Position> {
  return new Map(
    [...claimed].map(([range, position]) => {
      const known = stored.get(range);
      return [range, known !== undefined && comparePositions(known, position) > 0 ? known : position];
    }),
  );
}
