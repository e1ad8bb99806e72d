// Waiting until a projection has passed a place: so that a query sees what its caller did before (T4).
//
// Invariants:
//   W1. What is waited for is the live build, range by range, by its committed checkpoints.
//   W2. A notification wakes; whoever waits looks for itself, and once a second without one.
import { decodeEntityPosition, afterHeader, type EntityPosition } from "../client/index.ts";
import { rangeOf } from "../cluster/index.ts";
import { sliceOf } from "../descriptor/index.ts";
import { SamspelError } from "../errors/index.ts";
import type { Position } from "../journal/index.ts";
import { retryRead, type Database } from "../postgres/index.ts";
import { createLatch } from "../resilience/index.ts";
import { readStanding, type Standing } from "./builds.ts";
import { listenToChanges } from "./changes.ts";
import { coalesce } from "./coalesce.ts";
import {
  buildPositions,
  everywhere,
  firstOutstanding,
  isAtOrBefore,
  type RangePositions,
} from "./positions.ts";
import type { Projection } from "./projection.ts";

/** The call that a handler answers; a `HandlerContext` of Connect is one. */
interface AnsweredCall {
  readonly requestHeader: Headers;
  readonly signal: AbortSignal;
}

export interface CaughtUpOptions {
  /**
   * What is to be seen: a position of a reply, several, or the call that is being answered, whose caller may have asked
   * for some with `afterPosition`. Default: all that is committed now.
   */
  readonly after?: string | readonly string[] | AnsweredCall;
  /** Default 5,000 ms. */
  readonly timeoutMs?: number;
  /** Gives up before. Default: that of the call, if one is given. */
  readonly signal?: AbortSignal;
}

/** Waits for projections. */
export interface CatchUp {
  /** See `ServiceContext.caughtUp`. */
  caughtUp(this: void, projection: Projection, options?: CaughtUpOptions): Promise<void>;
}

interface Look {
  readonly standing: Standing | undefined;
  readonly positions: RangePositions;
}

/** What has to be behind a projection. */
interface Target {
  /** For the error. */
  readonly what: string;
  readonly isBehind: (look: Look) => Promise<boolean>;
}

const defaultTimeoutMs = 5_000;
const lookMs = 1_000;
const retryForMs = 2_000;

/** `homeOf` gives the database of a projection's tables, `database` has the journal. */
export function createCatchUp(database: Database, homeOf: (projection: Projection) => Database): CatchUp {
  const look = coalesce(async (projection: Projection): Promise<Look> => {
    const { sql } = homeOf(projection);
    return retryRead(retryForMs, async () => {
      const standing = await readStanding(sql, projection.name);
      const positions = await buildPositions(sql, projection.name, standing?.generation ?? 0);
      return { standing, positions };
    });
  });
  return {
    async caughtUp(projection, { after, timeoutMs = defaultTimeoutMs, signal: given } = {}) {
      const signal = given ?? (isCall(after) ? after.signal : undefined);
      const deadlineMs = performance.now() + timeoutMs;
      const moved = createLatch();
      using _ = await listenToChanges(homeOf(projection), projection, () => moved.set());
      const ended = AbortSignal.any([
        ...(signal ? [signal] : []),
        AbortSignal.timeout(Math.ceil(timeoutMs) + 1),
      ]);
      for (const target of await targetsOf(database, projection, after)) {
        for (;;) {
          const seen = await look(projection);
          if (await target.isBehind(seen)) break;
          signal?.throwIfAborted();
          const leftMs = deadlineMs - performance.now();
          if (leftMs <= 0) throw behind(projection, { target, timeoutMs, standing: seen.standing });
          await moved.wait(Math.min(leftMs, lookMs), ended);
        }
      }
    },
  };
}

async function targetsOf(
  database: Database,
  projection: Projection,
  after: CaughtUpOptions["after"],
): Promise<readonly Target[]> {
  if (after === undefined) {
    const last = await retryRead(retryForMs, () => lastCommitted(database));
    return last === undefined ? [] : [allUpTo(database, projection, last)];
  }
  const positions = isCall(after) ? asked(after.requestHeader) : typeof after === "string" ? [after] : after;
  const targets = await Promise.all(positions.map((position) => eventTarget(database, projection, position)));
  return targets.filter((target) => target !== undefined);
}

function isCall(after: CaughtUpOptions["after"]): after is AnsweredCall {
  return typeof after === "object" && "requestHeader" in after;
}

function asked(headers: Headers): readonly string[] {
  const value = headers.get(afterHeader);
  return value === null ? [] : value.split(",").map((position) => position.trim());
}

/** The last event that is committed; readers may not see it yet (J4), but will. */
async function lastCommitted({ sql }: Database): Promise<Position | undefined> {
  const [last] = await sql<{ tx: bigint; position: bigint }[]>`
    select tx, position from event order by tx desc, position desc limit 1`;
  return last && { tx: last.tx, sequence: last.position };
}

function allUpTo({ sql }: Database, { entityTypes }: Projection, last: Position): Target {
  const upTo = everywhere(last);
  return {
    what: "all that was committed",
    async isBehind({ positions: from }) {
      if (from.every((position) => isAtOrBefore(last, position))) return true;
      const outstanding = await retryRead(retryForMs, () =>
        firstOutstanding(sql, { entityTypes, from, upTo }),
      );
      return outstanding === undefined;
    },
  };
}

/** Undefined where there is nothing to wait for: no event, or one of an entity that the projection does not read. */
async function eventTarget(
  { sql }: Database,
  { entityTypes }: Projection,
  text: string,
): Promise<Target | undefined> {
  const position = decodeEntityPosition(text);
  if (position === undefined) {
    throw new SamspelError(
      "SAMSPEL_INVALID_REQUEST",
      `A position must be what a reply carried in the header samspel-position: current value is "${text.slice(0, 80)}"`,
    );
  }
  const { entityType, entityId, revision } = position;
  if (revision === 0n || !entityTypes.includes(entityType)) return undefined;
  const [event] = await retryRead(
    retryForMs,
    () => sql<{ tx: bigint; position: bigint }[]>`
      select tx, position from event
      where entity_type = ${entityType} and entity_id = ${entityId} and revision = ${revision}`,
  );
  const what = eventText(position);
  if (event === undefined) {
    throw new SamspelError(
      "SAMSPEL_INVALID_REQUEST",
      `Cannot wait for ${what} as this service's journal has no such event: send a position to the service that gave it`,
    );
  }
  const place = { tx: event.tx, sequence: event.position };
  const range = rangeOf(sliceOf(entityId));
  return {
    what,
    async isBehind({ positions }) {
      const reached = positions[range];
      return reached !== undefined && isAtOrBefore(place, reached);
    },
  };
}

function eventText({ entityType, entityId, revision }: EntityPosition): string {
  return `${entityType} "${entityId}", revision ${revision}`;
}

interface Late {
  readonly target: Target;
  readonly timeoutMs: number;
  readonly standing: Standing | undefined;
}

function behind({ name }: Projection, { target, timeoutMs, standing }: Late): SamspelError {
  const why =
    standing === undefined
      ? "it was never set up"
      : standing.paused
        ? "it is paused"
        : "it is behind; ask again, or look at its lag";
  return new SamspelError(
    "SAMSPEL_PROJECTION_BEHIND",
    `Projection ${name} has not passed ${target.what} within ${timeoutMs} ms: ${why}`,
    { metadata: { projection: name, paused: String(standing?.paused === true) } },
  );
}
