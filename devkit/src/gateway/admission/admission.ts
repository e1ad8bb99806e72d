// Who may make a call, before anything of its body is read: first who it is, then whether it is one too many.
import type { DescMethod } from "@bufbuild/protobuf";
import { SamspelError } from "@samspel/runtime/proxy";
import type { Incoming } from "../http/incoming.ts";
import type { JwtOptions, RateLimit } from "../options.ts";
import { methodMatcher } from "./method-pattern.ts";
import { createTokenBuckets } from "./token-buckets.ts";
import { createTokenVerifier, unauthenticated } from "./verify-token.ts";

export interface Admission {
  /** Whether callers' tokens end here: services get no more than what was read of them. */
  readonly endsTokens: boolean;
  /** Lets a call in, and notes who makes it. @throws SamspelError that says why not. */
  admit(incoming: Incoming, method: DescMethod): Promise<void>;
}

export interface AdmissionOptions {
  readonly jwt?: JwtOptions | undefined;
  readonly rateLimits: readonly RateLimit[];
}

export async function createAdmission({ jwt, rateLimits }: AdmissionOptions): Promise<Admission> {
  const verify = jwt === undefined ? undefined : await createTokenVerifier(jwt);
  const mayBeAnonymous = (jwt?.anonymous ?? []).map(methodMatcher);
  const limits = rateLimits.map(createLimit);
  return {
    endsTokens: jwt?.forward === false,
    async admit(incoming, method) {
      if (verify !== undefined) {
        incoming.principal = await verify(incoming.headers.authorization);
        if (incoming.principal === undefined && !mayBeAnonymous.some((matches) => matches(method))) {
          throw unauthenticated("this call needs a token: authorization: Bearer <token>");
        }
      }
      for (const limit of limits) limit(incoming, method);
    },
  };
}

function createLimit({ methods = "*", by = "principal", perSecond, burst }: RateLimit) {
  const buckets = createTokenBuckets({ perSecond, burst: burst ?? Math.max(1, perSecond) });
  const matches = methodMatcher(methods);
  return (incoming: Incoming, method: DescMethod): void => {
    if (!matches(method)) return;
    const taken = buckets.take(callerOf(incoming, by));
    if (taken.type === "taken") return;
    const { retryAfterMs } = taken;
    const message = `too many calls: the next one may come in ${retryAfterMs} ms`;
    throw new SamspelError("SAMSPEL_OVERLOADED", message, { retryAfterMs });
  };
}

function callerOf({ principal, address }: Incoming, by: NonNullable<RateLimit["by"]>): string {
  if (by === "all") return "";
  return by === "principal" && principal !== undefined
    ? `principal ${principal.subject}`
    : `address ${address}`;
}
