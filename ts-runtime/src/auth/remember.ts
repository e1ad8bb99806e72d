// Tokens that were verified a moment ago: a user calls again and again with the same one, and its signature is not wrong
// the second time. Verifying costs more than the rest of a quick call.
//
// Invariants:
//   M1. A token is remembered as long as it is good, and no longer than `rememberMs`: so long a key that was withdrawn
//       may count on.
//   M2. What is kept is bounded, and is a digest: no token is in memory beyond its call.
//   M3. What was refused is not remembered: it is looked at anew, as its keys may be there now.
import { hash } from "node:crypto";
import type { SignedIn, VerifyToken } from "./verify-token.ts";

export interface RememberOptions {
  /** Default 60,000 ms. */
  readonly rememberMs?: number;
  /** How many at most; who was not seen for the longest time goes first. Default 4,096. */
  readonly mostKept?: number;
  /** For tests. Default `Date.now`. */
  readonly nowMs?: () => number;
}

interface Remembered {
  readonly signedIn: SignedIn;
  readonly until: number;
}

/** The same verifier, which answers at once where it knows the token. */
export function remembering(verify: VerifyToken, options: RememberOptions = {}): VerifyToken {
  const { rememberMs = 60_000, mostKept = 4_096, nowMs = Date.now } = options;
  const kept = new Map<string, Remembered>();

  const keep = (key: string, signedIn: SignedIn): SignedIn => {
    kept.delete(key);
    kept.set(key, { signedIn, until: Math.min(signedIn.expiresAt, nowMs() + rememberMs) });
    const [oldest] = kept.keys();
    if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
    return signedIn;
  };
  return (authorization, via) => {
    // A service's name has no space, so no two pairs have one key.
    const key = `${via ?? ""} ${hash("sha256", authorization, "base64")}`;
    const known = kept.get(key);
    if (known !== undefined) {
      kept.delete(key);
      if (nowMs() < known.until) {
        kept.set(key, known);
        return known.signedIn;
      }
    }
    const verified = verify(authorization, via);
    return verified instanceof Promise
      ? verified.then((signedIn) => keep(key, signedIn))
      : keep(key, verified);
  };
}
