// Reading one's own writes: a reply to a command says where it stands, and a query can be asked to be as new as that.
//
// A position names an entity and its revision, and so costs the command nothing to know; whoever waits for it finds the
// place in the journal.

/** The header of a reply to a command. */
export const positionHeader = "samspel-position";

/** The header of a request that is to see what was done before. */
export const afterHeader = "samspel-after";

/** What a position means. */
export interface EntityPosition {
  readonly entityType: string;
  readonly entityId: string;
  /** 0 where the entity has no events. */
  readonly revision: bigint;
}

/** The position that came with a reply, given to Connect's `onHeader`; undefined where there is none. */
export function readPosition(headers: Headers): string | undefined {
  return headers.get(positionHeader) ?? undefined;
}

/**
 * Call options that ask a query to see what these positions name: `client.listItems({}, afterPosition(position))`. A
 * service heeds it where its handler waits with `caughtUp(projection, { after: context })`.
 */
export function afterPosition(...positions: readonly (string | undefined)[]): {
  readonly headers: Readonly<Record<string, string>>;
} {
  const known = positions.filter((position) => position !== undefined);
  return { headers: known.length === 0 ? {} : { [afterHeader]: known.join(", ") } };
}

export function encodeEntityPosition({ entityType, entityId, revision }: EntityPosition): string {
  return `${entityType}/${revision}/${encodeURIComponent(entityId.toWellFormed())}`;
}

/** Undefined for what is no position. */
export function decodeEntityPosition(position: string): EntityPosition | undefined {
  const [, entityType, revision, id] = /^([a-z][a-z0-9-]*)\/(\d{1,19})\/(.*)$/.exec(position) ?? [];
  if (entityType === undefined || revision === undefined || id === undefined) return undefined;
  try {
    return { entityType, revision: BigInt(revision), entityId: decodeURIComponent(id) };
  } catch {
    return undefined;
  }
}
