// What inspectors ask for, checked: each refusal names the field, what it must be and what it is.
import { isText, notAToken, refuse, shown, tokenText } from "../request/index.ts";

const maxIdLength = 500;
const maxRevision = 2n ** 63n - 1n;

/** @throws SAMSPEL_INVALID_REQUEST for what no entity can be called. */
export function requireId(entityId: string): string {
  if (entityId !== "" && isText(entityId)) return entityId;
  throw refuse("entity_id", `1 to ${maxIdLength} characters without NUL`, shown(entityId));
}

/** @throws SAMSPEL_INVALID_REQUEST for what no id can begin with. */
export function requirePrefix(prefix: string): string {
  if (isText(prefix)) return prefix;
  throw refuse("id_prefix", `at most ${maxIdLength} characters without NUL`, shown(prefix));
}

/** @throws SAMSPEL_INVALID_REQUEST for a negative one. */
export function requireRevision(field: string, revision: bigint): bigint {
  if (revision >= 0n && revision <= maxRevision) return revision;
  throw refuse(field, "0 or more", String(revision));
}

/** The revision that a token says. @throws SAMSPEL_INVALID_REQUEST for one that is none of ours. */
export function tokenRevision(token: string): bigint {
  const text = tokenText(token);
  if (/^[1-9]\d{0,18}$/.test(text) && BigInt(text) <= maxRevision) return BigInt(text);
  throw notAToken(token);
}
