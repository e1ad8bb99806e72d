// What holds for a method and for a service, of all that was said. Invariants:
//   P1. Field by field: of the layers that set a field the last one counts; a layer that does not set it changes nothing.
//   P2. What is said of a service as a whole holds for those of its methods that it can hold for, and no others: see
//       `objectionTo`. A deadline for the whole service is none for streams of answers, which may have no end.
//   P3. Where two fields of different layers do not fit, such as the longest backoff and the first one, the longest is
//       as long as the first.
import { getOption, type DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Idempotency } from "@bufbuild/protobuf/wkt";
import { key } from "../gen/samspel/v1/options_pb.ts";
import type { Balancing, CallPolicy, ServicePolicy } from "./call-policy.ts";
import { defaultCallPolicy, defaultHedge, defaultServicePolicy } from "./defaults.ts";
import type { FieldValue, Layer } from "./fields.ts";

/** Where a value comes from. */
export type Origin =
  | { readonly type: "default" }
  /** An option of a proto file: `calls` or `instances` of a service, `call` of a method. */
  | { readonly type: "proto"; readonly option: string; readonly of: string; readonly file: string }
  /** The configuration of this process. */
  | { readonly type: "configuration"; readonly of: string }
  /** A value of the registry, by its key. */
  | { readonly type: "registry"; readonly key: string };

/** What one place says. */
export interface Said {
  readonly layer: Layer;
  readonly origin: Origin;
  /** Of which it was said: of this method, or of all methods of a service or of a process. */
  readonly scope: "method" | "service";
}

/** A field as it holds. */
interface SettledField {
  readonly value: FieldValue;
  readonly origin: Origin;
}

export type Settled = ReadonlyMap<string, SettledField>;

const byDefault: Origin = { type: "default" };

/** @param said From the first to the last layer. */
export function settleMethod(method: DescMethod, said: readonly Said[]): Settled {
  return settle(flattenCall(defaultCallPolicy(method)), said, (path, value, { scope }) => {
    if (objectionTo(method, path, value) !== undefined) return false;
    return path !== "timeoutMs" || scope === "method" || hasOneAnswer(method); // P2
  });
}

/** @param said From the first to the last layer. */
export function settleService(said: readonly Said[]): Settled {
  return settle(flattenInstances(defaultServicePolicy), said, () => true);
}

function settle(
  defaults: Layer,
  said: readonly Said[],
  holds: (path: string, value: FieldValue, by: Said) => boolean,
): Settled {
  const settled = new Map<string, SettledField>(
    [...defaults].map(([path, value]) => [path, { value, origin: byDefault }]),
  );
  for (const by of said) {
    for (const [path, value] of by.layer) {
      if (holds(path, value, by)) settled.set(path, { value, origin: by.origin });
    }
  }
  return settled;
}

/** Why a field cannot have a value for a method; undefined where it can. */
export function objectionTo(method: DescMethod, path: string, value: FieldValue): string | undefined {
  if (path.startsWith("hedge.") && value !== false) {
    if (method.methodKind !== "unary") return "a stream cannot be hedged";
    if (!isSafeToRepeat(method)) return "only a method that is IDEMPOTENT or NO_SIDE_EFFECTS can be hedged";
  }
  if (path === "retry.attemptTimeoutMs" && value !== Infinity && !isSafeToRepeat(method)) {
    return "only an attempt of a method that is IDEMPOTENT or NO_SIDE_EFFECTS may be given up for another one";
  }
  if (path === "balancing" && value === "by-key" && !hasKey(method)) {
    return `${method.input.typeName} has no field that is its (samspel.v1.key)`;
  }
  return undefined;
}

function isSafeToRepeat({ idempotency }: DescMethod): boolean {
  return idempotency === Idempotency.IDEMPOTENT || idempotency === Idempotency.NO_SIDE_EFFECTS;
}

function hasOneAnswer({ methodKind }: DescMethod): boolean {
  return methodKind === "unary" || methodKind === "client_streaming";
}

function hasKey({ input }: DescMethod): boolean {
  return input.fields.some((field) => getOption(field, key));
}

/** The policy that settled fields are. */
export function callPolicyOf(settled: Settled): CallPolicy {
  const { number, flag, text } = readers(settled);
  const initialBackoffMs = number("retry.initialBackoffMs");
  const openMs = number("breaker.openMs");
  return {
    timeoutMs: finite(number("timeoutMs")),
    waitForReady: flag("waitForReady"),
    retry: {
      maxAttempts: number("retry.maxAttempts"),
      initialBackoffMs,
      maxBackoffMs: Math.max(initialBackoffMs, number("retry.maxBackoffMs")), // P3
      attemptTimeoutMs: finite(number("retry.attemptTimeoutMs")),
    },
    hedge: flag("hedge.enabled")
      ? { maxAttempts: number("hedge.maxAttempts"), delayMs: number("hedge.delayMs") }
      : undefined,
    breaker: flag("breaker.enabled")
      ? {
          failureRatio: number("breaker.failureRatio"),
          minCalls: number("breaker.minCalls"),
          windowMs: number("breaker.windowMs"),
          openMs,
          maxOpenMs: Math.max(openMs, number("breaker.maxOpenMs")),
        }
      : undefined,
    bulkhead: {
      maxInFlight: number("bulkhead.maxInFlight"),
      maxWaiting: number("bulkhead.maxWaiting"),
    },
    balancing: balancingOf(text("balancing")),
    server: {
      maxInFlight: number("server.maxInFlight"),
      maxRequestBytes: number("server.maxRequestBytes"),
    },
  };
}

export function servicePolicyOf(settled: Settled): ServicePolicy {
  const { number, flag } = readers(settled);
  const baseEjectionMs = number("ejection.baseEjectionMs");
  return {
    ejection: flag("ejection.enabled")
      ? {
          consecutiveFailures: number("ejection.consecutiveFailures"),
          failureRatio: number("ejection.failureRatio"),
          minCalls: number("ejection.minCalls"),
          intervalMs: number("ejection.intervalMs"),
          baseEjectionMs,
          maxEjectionMs: Math.max(baseEjectionMs, number("ejection.maxEjectionMs")),
          maxEjectedRatio: number("ejection.maxEjectedRatio"),
        }
      : undefined,
    subsetSize: number("subsetSize"),
    preferZone: flag("preferZone"),
  };
}

/** The fields of a policy, all of them set. */
function flattenCall(policy: CallPolicy): Layer {
  const { retry, hedge = defaultHedge, breaker, bulkhead, balancing, server } = policy;
  return new Map<string, FieldValue>([
    ["timeoutMs", policy.timeoutMs ?? Infinity],
    ["waitForReady", policy.waitForReady],
    ["retry.maxAttempts", retry.maxAttempts],
    ["retry.initialBackoffMs", retry.initialBackoffMs],
    ["retry.maxBackoffMs", retry.maxBackoffMs],
    ["retry.attemptTimeoutMs", retry.attemptTimeoutMs ?? Infinity],
    ["hedge.enabled", policy.hedge !== undefined],
    ...grouped("hedge", hedge),
    ["breaker.enabled", breaker !== undefined],
    ...grouped("breaker", breaker ?? {}),
    ...grouped("bulkhead", bulkhead),
    ["balancing", balancing],
    ...grouped("server", server),
  ]);
}

function flattenInstances({ ejection, subsetSize, preferZone }: ServicePolicy): Layer {
  return new Map<string, FieldValue>([
    ["ejection.enabled", ejection !== undefined],
    ...grouped("ejection", ejection ?? {}),
    ["subsetSize", subsetSize],
    ["preferZone", preferZone],
  ]);
}

function grouped(group: string, values: object): readonly (readonly [string, number])[] {
  return Object.entries(values).map(([name, value]) => [`${group}.${name}`, Number(value)] as const);
}

/** Defaults set every field, and each was read by its kind: what is missing is a defect. */
function readers(settled: Settled): {
  number(this: void, path: string): number;
  flag(this: void, path: string): boolean;
  text(this: void, path: string): string;
} {
  const of = (path: string): FieldValue | undefined => settled.get(path)?.value;
  return {
    number(path) {
      const value = of(path);
      if (typeof value !== "number") throw missing(path);
      return value;
    },
    flag(path) {
      const value = of(path);
      if (typeof value !== "boolean") throw missing(path);
      return value;
    },
    text(path) {
      const value = of(path);
      if (typeof value !== "string") throw missing(path);
      return value;
    },
  };
}

function missing(path: string): Error {
  return new Error(`The policy has no ${path}`);
}

function finite(value: number): number | undefined {
  return value === Infinity ? undefined : value;
}

function balancingOf(text: string): Balancing {
  return text === "round-robin" || text === "by-key" ? text : "least-loaded";
}
