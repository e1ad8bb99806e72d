// An issuer's keys. jose fetches and keeps them; what it leaves open is settled here. Invariants:
//   Y1. Nothing is fetched before a token comes: an issuer that is away holds up no start.
//   Y2. Keys that are known serve on while the issuer is away, up to `longestStaleMs`; they are fetched again beside the
//       calls every `refreshMs`, so that a key that was withdrawn counts no longer than that.
//   Y3. A key that is not known is asked for once, and then not again within `cooldownMs`: nobody can make us knock at the
//       issuer by tokens with made-up key ids.
//   Y4. An issuer that fails is left alone for a while that doubles; calls that need it fail at once meanwhile.
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  type FetchImplementation,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from "jose";
import { invalidConfiguration } from "../errors/index.ts";

/** The keys could not be had: that is no fault of a token. */
export class KeysUnavailable extends Error {}

interface KeysTimes {
  readonly refreshMs: number;
  readonly longestStaleMs: number;
  readonly cooldownMs: number;
  readonly timeoutMs: number;
  readonly firstRetryMs: number;
  readonly longestRetryMs: number;
}

const times: KeysTimes = {
  refreshMs: 10 * 60_000,
  longestStaleMs: 24 * 60 * 60_000,
  cooldownMs: 30_000,
  timeoutMs: 5_000,
  firstRetryMs: 250,
  longestRetryMs: 30_000,
};

/** Keys that never change. @throws SAMSPEL_INVALID_CONFIGURATION where they are none. */
export function givenKeys(jwks: JSONWebKeySet): JWTVerifyGetKey {
  try {
    return createLocalJWKSet(jwks);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw invalidConfiguration(`The keys of an issuer cannot be used: ${reason}`);
  }
}

export interface FetchedKeysOptions {
  readonly url: URL;
  /** For tests; each has a default. */
  readonly times?: Partial<KeysTimes>;
  /** For tests. Default `Date.now`. */
  readonly nowMs?: () => number;
  /** Told of each fetch that fails. */
  readonly onFailure?: (error: unknown) => void;
}

/** Keys that their issuer publishes at a URL. They fail with `KeysUnavailable` where they cannot be had. */
export function fetchedKeys(options: FetchedKeysOptions): JWTVerifyGetKey {
  const { url, nowMs = Date.now, onFailure = () => {} } = options;
  const { refreshMs, longestStaleMs, cooldownMs, timeoutMs, firstRetryMs, longestRetryMs } = {
    ...times,
    ...options.times,
  };
  let failures = 0;
  let retryAt = 0;
  let loadedAt: number | undefined;

  const fetchOnce: FetchImplementation = async (href, init) => {
    // Y4
    if (nowMs() < retryAt) throw new KeysUnavailable("the issuer failed a moment ago");
    try {
      const response = await fetch(href, init);
      if (response.status !== 200) throw new Error(`${href} answered ${response.status}`);
      const body: unknown = await response.json();
      createLocalJWKSet(body as JSONWebKeySet);
      failures = 0;
      loadedAt = nowMs();
      return Response.json(body);
    } catch (error) {
      retryAt = nowMs() + Math.min(longestRetryMs, firstRetryMs * 2 ** failures);
      failures += 1;
      onFailure(error);
      throw new KeysUnavailable(`the keys at ${href} cannot be had`, { cause: error });
    }
  };
  const keys = createRemoteJWKSet(url, {
    timeoutDuration: timeoutMs,
    cooldownDuration: cooldownMs,
    // Never too old for jose, which would make calls wait for the fetch, and fail with it (Y2).
    cacheMaxAge: Infinity,
    [customFetch]: fetchOnce,
  });

  const refresh = async (): Promise<void> => {
    if (loadedAt === undefined) return;
    const age = nowMs() - loadedAt;
    if (age < refreshMs) return;
    if (age >= longestStaleMs) return keys.reload();
    if (!keys.reloading) keys.reload().catch(() => {});
  };
  return async (header, token) => {
    await refresh();
    return keys(header, token);
  };
}
