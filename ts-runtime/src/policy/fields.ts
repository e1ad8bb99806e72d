// Every field of a policy, by its path: what it may be. One table for all places that say a policy.

/** `none` and `unlimited` are what 0 means; they are kept as Infinity. */
type Zero = "none" | "unlimited";

export type FieldKind =
  | { readonly type: "flag" }
  | {
      readonly type: "number";
      readonly unit: "ms" | "bytes" | "count" | "ratio";
      readonly min: number;
      readonly max: number;
      readonly zero: Zero | undefined;
    }
  | { readonly type: "choice"; readonly of: readonly string[] };

export type FieldTable = ReadonlyMap<string, FieldKind>;

/** A value of a field, checked; Infinity for none and for no limit. */
export type FieldValue = number | boolean | string;

/** What one place says: the fields that it sets, by path. */
export type Layer = ReadonlyMap<string, FieldValue>;

const flag: FieldKind = { type: "flag" };
const ms = (min: number, max: number, zero?: Zero): FieldKind => number("ms", min, max, zero);
const count = (min: number, max: number, zero?: Zero): FieldKind => number("count", min, max, zero);
const ratio = (min: number): FieldKind => number("ratio", min, 1);
const number = (
  unit: "ms" | "bytes" | "count" | "ratio",
  min: number,
  max: number,
  zero?: Zero,
): FieldKind => ({
  type: "number",
  unit,
  min,
  max,
  zero,
});

const million = 1_000_000;
const tenMinutesMs = 600_000;
/** A grpc-timeout has eight digits. */
const longestTimeoutMs = 99_999_999;
const aboveZero = Number.MIN_VALUE;

/** Of the calls of a method. */
export const callFields: FieldTable = new Map<string, FieldKind>([
  ["timeoutMs", ms(1, longestTimeoutMs, "none")],
  ["waitForReady", flag],
  ["retry.maxAttempts", count(1, 10)],
  ["retry.initialBackoffMs", ms(1, 60_000)],
  ["retry.maxBackoffMs", ms(1, 60_000)],
  ["retry.attemptTimeoutMs", ms(1, longestTimeoutMs, "none")],
  ["hedge.enabled", flag],
  ["hedge.maxAttempts", count(2, 10)],
  ["hedge.delayMs", ms(0, tenMinutesMs)],
  ["breaker.enabled", flag],
  ["breaker.failureRatio", ratio(aboveZero)],
  ["breaker.minCalls", count(1, million)],
  ["breaker.windowMs", ms(100, tenMinutesMs)],
  ["breaker.openMs", ms(10, tenMinutesMs)],
  ["breaker.maxOpenMs", ms(10, tenMinutesMs)],
  ["bulkhead.maxInFlight", count(1, million, "unlimited")],
  ["bulkhead.maxWaiting", count(0, million)],
  ["balancing", { type: "choice", of: ["least-loaded", "round-robin", "by-key"] }],
  ["server.maxInFlight", count(1, million, "unlimited")],
  ["server.maxRequestBytes", number("bytes", 1, 2_147_483_647)],
]);

/** Of a proto service as a whole: how callers choose among its instances. */
export const instancesFields: FieldTable = new Map<string, FieldKind>([
  ["ejection.enabled", flag],
  ["ejection.consecutiveFailures", count(1, million)],
  ["ejection.failureRatio", ratio(aboveZero)],
  ["ejection.minCalls", count(1, million)],
  ["ejection.intervalMs", ms(100, tenMinutesMs)],
  ["ejection.baseEjectionMs", ms(10, tenMinutesMs)],
  ["ejection.maxEjectionMs", ms(10, 3_600_000)],
  ["ejection.maxEjectedRatio", ratio(0)],
  ["subsetSize", count(1, million, "unlimited")],
  ["preferZone", flag],
]);

/** Pairs of which the first is never more than the second. */
export const atMost: readonly (readonly [string, string])[] = [
  ["retry.initialBackoffMs", "retry.maxBackoffMs"],
  ["breaker.openMs", "breaker.maxOpenMs"],
  ["ejection.baseEjectionMs", "ejection.maxEjectionMs"],
];

/** What may be turned off as a whole; to say anything of it turns it on. */
export const switched: readonly string[] = ["hedge", "breaker", "ejection"];

/** What a field must be, for messages: `an integer from 1 to 10`. */
export function mustBe(kind: FieldKind): string {
  switch (kind.type) {
    case "flag":
      return "true or false";
    case "choice":
      return `one of ${kind.of.join(", ")}`;
    case "number": {
      const { unit, min, max, zero } = kind;
      const range =
        unit === "ratio"
          ? min === 0
            ? "a number from 0 to 1"
            : "a number above 0 and at most 1"
          : `an integer from ${min} to ${max}${unitText[unit]}`;
      return zero === undefined ? range : `${range}, or 0 for ${zero === "none" ? "none" : "no limit"}`;
    }
  }
}

const unitText = { ms: " (milliseconds)", bytes: " (bytes)", count: "" } as const;

/** A value for people and for JSON's sake: `none` and `unlimited` in place of Infinity. */
export function textOf(kind: FieldKind | undefined, value: FieldValue): string {
  if (value !== Infinity) return String(value);
  return kind?.type === "number" && kind.zero === "none" ? "none" : "unlimited";
}
