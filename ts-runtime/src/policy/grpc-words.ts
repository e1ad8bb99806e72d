// The words of gRPC's service config (grpc/service_config.proto), as far as they mean what a field of ours means.
import { invalidConfiguration } from "../errors/index.ts";
import { parseDuration } from "./duration.ts";
import { callFields, type FieldValue, type Layer } from "./fields.ts";
import { isRecord, readField, refuse, type Place } from "./read-fields.ts";

type Word =
  /** A field of ours, as it is or as a duration. */
  | { readonly type: "field"; readonly path: string; readonly isDuration: boolean }
  /** What we always do: another value is refused. */
  | { readonly type: "fixed"; readonly isOurs: (value: unknown) => boolean; readonly must: string };

const field = (path: string): Word => ({ type: "field", path, isDuration: false });
const duration = (path: string): Word => ({ type: "field", path, isDuration: true });
const isOnlyUnavailable = (value: unknown): boolean =>
  Array.isArray(value) && value.every((code) => code === "UNAVAILABLE" || code === 14);

const words: ReadonlyMap<string, Word> = new Map<string, Word>([
  ["timeout", duration("timeoutMs")],
  ["waitForReady", field("waitForReady")],
  ["maxRequestMessageBytes", field("server.maxRequestBytes")],
  ["retryPolicy.maxAttempts", field("retry.maxAttempts")],
  ["retryPolicy.initialBackoff", duration("retry.initialBackoffMs")],
  ["retryPolicy.maxBackoff", duration("retry.maxBackoffMs")],
  [
    "retryPolicy.backoffMultiplier",
    { type: "fixed", isOurs: (value) => value === 2, must: "2: each wait is twice the one before" },
  ],
  [
    "retryPolicy.retryableStatusCodes",
    { type: "fixed", isOurs: isOnlyUnavailable, must: '["UNAVAILABLE"]: nothing else is sent again' },
  ],
  ["hedgingPolicy.maxAttempts", field("hedge.maxAttempts")],
  ["hedgingPolicy.hedgingDelay", duration("hedge.delayMs")],
  [
    "hedgingPolicy.nonFatalStatusCodes",
    { type: "fixed", isOurs: isOnlyUnavailable, must: '["UNAVAILABLE"]: every other failure is an answer' },
  ],
]);

/** Reads what an entry of `methodConfig` says. @throws SAMSPEL_INVALID_CONFIGURATION for what means nothing here. */
export function readGrpcWords(given: Readonly<Record<string, unknown>>, place: Place): Layer {
  const layer = new Map<string, FieldValue>();
  if (given["retryPolicy"] !== undefined && given["hedgingPolicy"] !== undefined) {
    throw invalidConfiguration(
      `${place.what} cannot be: gRPC knows no method with both retryPolicy and hedgingPolicy: say one of them under samspel`,
    );
  }
  for (const [name, value] of Object.entries(given)) {
    const isGroup = name === "retryPolicy" || name === "hedgingPolicy";
    if (isGroup && !isRecord(value)) throw refuse(place, name, "an object", value);
    for (const [inner, innerValue] of isGroup && isRecord(value)
      ? Object.entries(value)
      : [["", value] as const]) {
      const path = inner === "" ? name : `${name}.${inner}`;
      readWord(path, innerValue, layer, place);
    }
    if (name === "hedgingPolicy") layer.set("hedge.enabled", true);
  }
  return layer;
}

function readWord(path: string, value: unknown, layer: Map<string, FieldValue>, place: Place): void {
  const word = words.get(path);
  if (word === undefined) {
    throw invalidConfiguration(
      `${place.what} has no field ${path}: there are name, ${[...words.keys()].join(", ")}, samspel`,
    );
  }
  if (word.type === "fixed") {
    if (!word.isOurs(value)) throw refuse(place, path, word.must, value);
    return;
  }
  const read = word.isDuration ? parseDuration(value) : value;
  if (read === undefined) throw refuse(place, path, 'a duration such as "0.5s"', value);
  layer.set(word.path, readField(callFields, word.path, read, { ...place, nameOf: () => path }));
}

const balancings: Readonly<Record<string, string>> = {
  samspel_least_loaded: "least-loaded",
  least_request_experimental: "least-loaded",
  round_robin: "round-robin",
  ring_hash_experimental: "by-key",
};

/** Reads `loadBalancingConfig`: the first of the list that is known here, as gRPC has it. */
export function readGrpcBalancing(given: unknown, place: Place): string {
  const must = `a list with one of ${Object.keys(balancings).join(", ")}, such as [{"round_robin": {}}]`;
  if (!Array.isArray(given)) throw refuse(place, "loadBalancingConfig", must, given);
  for (const each of given) {
    const [name = ""] = isRecord(each) ? Object.keys(each) : [];
    const balancing = Object.hasOwn(balancings, name) ? balancings[name] : undefined;
    if (balancing !== undefined) return balancing;
  }
  throw refuse(place, "loadBalancingConfig", must, given);
}

/** The same, with what stock clients do where they have no such policy. */
export function printGrpcBalancing(value: FieldValue | undefined): readonly object[] | undefined {
  switch (value) {
    case "round-robin":
      return [{ round_robin: {} }];
    case "least-loaded":
      return [{ samspel_least_loaded: {} }, { round_robin: {} }];
    case "by-key":
      return [{ ring_hash_experimental: {} }, { round_robin: {} }];
    default:
      return undefined;
  }
}
