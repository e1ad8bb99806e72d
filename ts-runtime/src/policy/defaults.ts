// What holds where nothing else is said.
import type { DescMethod } from "@bufbuild/protobuf";
import type { CallPolicy, HedgePolicy, ServicePolicy } from "./call-policy.ts";

const unaryTimeoutMs = 10_000;

/** The policy of a method of which nothing is said. A stream has no deadline unless its caller sets one. */
export function defaultCallPolicy({ methodKind }: DescMethod): CallPolicy {
  const hasDeadline = methodKind === "unary" || methodKind === "client_streaming";
  return {
    timeoutMs: hasDeadline ? unaryTimeoutMs : undefined,
    waitForReady: false,
    retry: { maxAttempts: 3, initialBackoffMs: 25, maxBackoffMs: 250, attemptTimeoutMs: undefined },
    hedge: undefined,
    breaker: { failureRatio: 0.5, minCalls: 20, windowMs: 10_000, openMs: 1_000, maxOpenMs: 30_000 },
    bulkhead: { maxInFlight: Infinity, maxWaiting: 0 },
    balancing: "least-loaded",
    server: { maxInFlight: Infinity, maxRequestBytes: 4 * 1024 * 1024 },
  };
}

/** What hedging is where it is turned on and no more is said. */
export const defaultHedge: HedgePolicy = { maxAttempts: 2, delayMs: 100 };

export const defaultServicePolicy: ServicePolicy = {
  ejection: {
    consecutiveFailures: 5,
    failureRatio: 0.5,
    minCalls: 20,
    intervalMs: 1_000,
    baseEjectionMs: 2_000,
    maxEjectionMs: 60_000,
    maxEjectedRatio: 0.5,
  },
  subsetSize: Infinity,
  preferZone: true,
};
