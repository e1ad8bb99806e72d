// A user who has shown a token, for as long as that is good. Invariants:
//   U1. Handlers find who asks, not the token.
//   U2. A stream ends when the token that it began with is over, and its caller comes back with a new one: what was
//       granted for an hour must not be had for days. A unary call has a deadline, and ends by itself.
import type { ContextValues } from "@connectrpc/connect";
import { principalKey, tokenExpired, type SignedIn } from "../auth/index.ts";
import type { SamspelError } from "../errors/index.ts";

const longestTimerMs = 2 ** 31 - 1;

/** U1 */
export function noteUser(values: ContextValues, { user }: SignedIn): void {
  values.set(principalKey, user);
}

/** Calls `end` when the token is over, unless the call is before, as its signal says. */
export function whenExpired(
  { expiresAt }: SignedIn,
  signal: AbortSignal,
  end: (error: SamspelError) => void,
): void {
  if (signal.aborted) return;
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    const leftMs = expiresAt - Date.now();
    if (leftMs <= 0) return end(tokenExpired());
    timer = setTimeout(look, Math.min(longestTimerMs, leftMs));
    timer.unref();
  };
  look();
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
}
