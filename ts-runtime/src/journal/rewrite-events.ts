// Writing what remains of an entity's events in their place, page by page.
import { plainArray, textArray, type TransactionSql } from "../postgres/index.ts";
import type { Forgetting } from "./journal.ts";
import { revisionGap } from "./recover.ts";

export interface EventsToRewrite {
  readonly entityType: string;
  readonly entityId: string;
  /** The last revision of them. */
  readonly through: bigint;
  /** See `Rewriting`. */
  readonly rewrite: ReturnType<Forgetting["rewrite"]>["event"];
}

/** How many events it changed, and how. */
export interface RewriteCounts {
  readonly rewritten: bigint;
  readonly erased: bigint;
}

const pageSize = 500;

/**
 * Rewrites an entity's events from the first up to `through`. Those that stay as they are are not written.
 * @throws SAMSPEL_JOURNAL_CORRUPT where one is missing that would have to be read.
 */
export async function rewriteEvents(tx: TransactionSql, events: EventsToRewrite): Promise<RewriteCounts> {
  const { entityType, entityId, through, rewrite } = events;
  if (rewrite === "erase") {
    const erased = await tx`
      update event set payload = ''
      where entity_type = ${entityType} and entity_id = ${entityId} and revision <= ${through}
        and payload <> ''`;
    return { rewritten: 0n, erased: BigInt(erased.count) };
  }
  let rewritten = 0n;
  let erased = 0n;
  for (let last = 0n; last < through;) {
    const page = await tx<{ revision: bigint; payload: Uint8Array }[]>`
      select revision, payload from event
      where entity_type = ${entityType} and entity_id = ${entityId} and revision > ${last} and revision <= ${through}
      order by revision limit ${pageSize}`;
    const changed: { readonly revision: bigint; readonly payload: Buffer }[] = [];
    for (const { revision, payload } of page) {
      if (revision !== last + 1n) throw revisionGap(entityType, entityId, { after: last, found: revision });
      last = revision;
      const left = Buffer.from(rewrite(payload));
      if (left.equals(payload)) continue;
      changed.push({ revision, payload: left });
      if (left.length === 0) erased++;
      else rewritten++;
    }
    if (page.length === 0) throw revisionGap(entityType, entityId, { after: last, found: through + 1n });
    if (changed.length > 0) {
      await tx`
        update event e set payload = decode(r.payload, 'hex')
        from unnest(
          ${plainArray(changed.map(({ revision }) => revision))}::bigint[],
          ${textArray(changed.map(({ payload }) => payload.toString("hex")))}::text[]
        ) as r (revision, payload)
        where e.entity_type = ${entityType} and e.entity_id = ${entityId} and e.revision = r.revision`;
    }
  }
  return { rewritten, erased };
}
