// What inspectors ask for, checked: each refusal names the field, what it must be and what it is.
import { SamspelError } from "../errors/index.ts";

const defaultLimit = 100;
const maxLimit = 1_000;
const maxIdLength = 500;
const maxRevision = 2n ** 63n - 1n;

/** The limit, or its default of 100 where none is given. @throws SAMSPEL_INVALID_REQUEST */
export function limitOf(limit: number): number {
  if (limit === 0) return defaultLimit;
  if (limit >= 1 && limit <= maxLimit) return limit;
  throw refuse("limit", `1 to ${maxLimit}`, String(limit));
}

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

/** A token that says where a page ended. */
export function pageToken(text: string): string {
  return Buffer.from(text).toString("base64url");
}

/** What a token says. @throws SAMSPEL_INVALID_REQUEST for one that is none of ours. */
export function tokenText(token: string): string {
  const text = Buffer.from(token, "base64url").toString();
  if (isText(text) && pageToken(text) === token) return text;
  throw notAToken(token);
}

/** The revision that a token says. @throws SAMSPEL_INVALID_REQUEST for one that is none of ours. */
export function tokenRevision(token: string): bigint {
  const text = tokenText(token);
  if (/^[1-9]\d{0,18}$/.test(text) && BigInt(text) <= maxRevision) return BigInt(text);
  throw notAToken(token);
}

export function refuse(field: string, must: string, value: string): SamspelError {
  return new SamspelError(
    "SAMSPEL_INVALID_REQUEST",
    `${field} must be ${must}: current value is "${value}"`,
    {
      metadata: { field },
    },
  );
}

function notAToken(token: string): SamspelError {
  return refuse("page_token", "empty or a next_page_token of the same method", shown(token));
}

function isText(text: string): boolean {
  return text.length <= maxIdLength && !text.includes("\0");
}

function shown(text: string): string {
  return text.length <= 100 ? text.replaceAll("\0", "\\0") : `${text.length} characters`;
}
