// What is to happen to the calls of a method, at both ends: all that can be set, in one place.

/** How calls of a method are made and served. Durations are in milliseconds. */
export interface CallPolicy {
  /** The deadline of calls that set none; undefined for none (C1). */
  readonly timeoutMs: number | undefined;
  /** Whether a call waits, within its deadline, until an instance can be reached, rather than fail after its attempts. */
  readonly waitForReady: boolean;
  readonly retry: RetryPolicy;
  /** Undefined where a call is not hedged, as it is by default. */
  readonly hedge: HedgePolicy | undefined;
  /** Undefined where no breaker stands before the method's instances. */
  readonly breaker: BreakerPolicy | undefined;
  readonly bulkhead: BulkheadPolicy;
  readonly balancing: Balancing;
  readonly server: ServerPolicy;
}

/** How an instance is chosen for a call (C3). */
export type Balancing = "least-loaded" | "round-robin" | "by-key";

/** When a call is sent again (C2). */
export interface RetryPolicy {
  /** Attempts in all, the first one too; 1 for none but the transparent retry of what never ran. */
  readonly maxAttempts: number;
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
  /** How long one attempt may take, of methods that are safe to repeat; undefined for as long as the call. */
  readonly attemptTimeoutMs: number | undefined;
}

/** A call of a method that is safe to repeat, sent to more instances when the first takes long (gRFC A6). */
export interface HedgePolicy {
  /** Attempts in all. */
  readonly maxAttempts: number;
  /** After how long without an answer the next one begins. */
  readonly delayMs: number;
}

/** When calls of an instance and method are stopped for a while (C4). */
export interface BreakerPolicy {
  /** The share of failed calls that opens it, above 0 and at most 1. */
  readonly failureRatio: number;
  /** Fewer calls than this within the window open nothing. */
  readonly minCalls: number;
  readonly windowMs: number;
  /** How long it stays open at first; it doubles with each opening that follows a failed probe. */
  readonly openMs: number;
  readonly maxOpenMs: number;
}

/** How many calls of a method a process has under way at most, so that one method cannot take all there is. */
export interface BulkheadPolicy {
  /** Infinity for no limit. */
  readonly maxInFlight: number;
  /** How many more may wait for their turn, within their deadline; others fail with `ResourceExhausted`. */
  readonly maxWaiting: number;
}

/** What an instance does to protect itself. */
export interface ServerPolicy {
  /** Calls of the method at a time; Infinity for no limit of its own beside the adaptive one. */
  readonly maxInFlight: number;
  /** Of one request message, in bytes, uncompressed. */
  readonly maxRequestBytes: number;
}

/** What is to happen to the calls of a proto service as a whole. */
export interface ServicePolicy {
  /** Undefined where no instance is ejected. */
  readonly ejection: EjectionPolicy | undefined;
  /** How many instances a process keeps connections to at most, by a choice of its own; Infinity for all. */
  readonly subsetSize: number;
  /** Whether instances of the caller's zone are preferred while they are healthy and have their share. */
  readonly preferZone: boolean;
}

/** When an instance that fails or is slow is left out for a while (C3; gRFC A50). */
export interface EjectionPolicy {
  /** Failures in a row, by the codes of C4. */
  readonly consecutiveFailures: number;
  /** The share of failed calls within an interval, where there were `minCalls`. */
  readonly failureRatio: number;
  readonly minCalls: number;
  readonly intervalMs: number;
  /** How long at first; times the number of ejections in a row. */
  readonly baseEjectionMs: number;
  readonly maxEjectionMs: number;
  /** The share of instances that may be ejected at a time. */
  readonly maxEjectedRatio: number;
}
