// Tokens that say where a page ended: opaque to callers.
import { isText, refuse, shown } from "./refuse.ts";

export function pageToken(text: string): string {
  return Buffer.from(text).toString("base64url");
}

/** What a token says. @throws SAMSPEL_INVALID_REQUEST for one that is none of ours. */
export function tokenText(token: string): string {
  const text = Buffer.from(token, "base64url").toString();
  if (isText(text) && pageToken(text) === token) return text;
  throw notAToken(token);
}

/** @throws SAMSPEL_INVALID_REQUEST */
export function notAToken(token: string): ReturnType<typeof refuse> {
  return refuse("page_token", "empty or a next_page_token of the same method", shown(token));
}
