// Who operates a service, for its log. It is a courtesy and no proof.
import { hostname, userInfo } from "node:os";

/** The request header that says it. */
export const operatorHeader = "samspel-operator";

/** `user@host`, encoded. */
export function operator(): string {
  return encodeURIComponent(`${userName()}@${hostname()}`);
}

/** Containers run under numbers that have no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "unknown";
  }
}
