// The name of a parked event within its projection: entity type, revision and entity.
import type { ParkedKey } from "../projection/index.ts";
import { refuse, shown } from "../request/index.ts";

const pattern = /^([^/]+)\/(\d{1,19})\/(.+)$/s;

/** Such as `cart/7/cart-1`. */
export function formatParkedId({ entityType, entityId, revision }: ParkedKey): string {
  return `${entityType}/${revision}/${entityId}`;
}

/** @throws SAMSPEL_INVALID_REQUEST for what is none of ours. */
export function parseParkedId(field: string, id: string): ParkedKey {
  const [, entityType, revision, entityId] = pattern.exec(id) ?? [];
  if (entityType === undefined || revision === undefined || entityId === undefined) {
    throw refuse(field, "the id of a parked event, such as cart/7/cart-1", shown(id));
  }
  return { entityType, entityId, revision: BigInt(revision) };
}
