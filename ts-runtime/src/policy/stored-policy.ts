// A value of the registry that says the policy of a proto service: gRPC's service config in JSON, where it has a word
// for it, and ours under `samspel` beside it. Invariants:
//   K1. What is not understood is refused as a whole: half a policy is none.
//   K2. A field is said once: in gRPC's words or in ours.
//   K3. `parseStored(printStored(policy))` is the policy.
import { invalidConfiguration } from "../errors/index.ts";
import { printDuration } from "./duration.ts";
import { callFields, instancesFields, type FieldValue, type Layer } from "./fields.ts";
import { printGrpcBalancing, readGrpcBalancing, readGrpcWords } from "./grpc-words.ts";
import { checkPairs, isRecord, readFields, refuse, type Place } from "./read-fields.ts";

/** What a value says. */
export interface StoredPolicy {
  /** Of all methods. */
  readonly calls: Layer;
  readonly instances: Layer;
  /** Of one method, by its name in the proto file. */
  readonly methods: ReadonlyMap<string, Layer>;
}

export const emptyPolicy: StoredPolicy = { calls: new Map(), instances: new Map(), methods: new Map() };

/** @throws SAMSPEL_INVALID_CONFIGURATION that names the key, the field, its value and what it must be. */
export function parseStored(
  text: string,
  { key, protoService }: { key: string; protoService: string },
): StoredPolicy {
  const at: Place = { what: `The policy ${key}` };
  const config = parseJson(text, at);
  known(config, ["methodConfig", "loadBalancingConfig", "samspel"], at, "");
  const own = config["samspel"] ?? {};
  if (!isRecord(own)) throw refuse(at, "samspel", "an object", own);
  known(own, ["instances"], at, "samspel.");
  const calls = new Map<string, FieldValue>();
  const methods = new Map<string, Layer>();
  const entries = config["methodConfig"] ?? [];
  if (!Array.isArray(entries)) throw refuse(at, "methodConfig", "a list", entries);
  for (const [index, entry] of entries.entries()) {
    const path = `methodConfig[${index}]`;
    const { names, layer } = readEntry(entry, { at, path, protoService });
    for (const name of names) {
      if (name === undefined) {
        add(calls, layer, { what: `${at.what}, ${path}` });
      } else if (methods.has(name)) {
        throw invalidConfiguration(`${at.what} cannot be: ${path} is about ${name}, and so is one before it`);
      } else {
        methods.set(name, layer);
      }
    }
  }
  if (config["loadBalancingConfig"] !== undefined) {
    const balancing = readGrpcBalancing(config["loadBalancingConfig"], at);
    add(calls, new Map([["balancing", balancing]]), at);
  }
  const instances = readFields(own["instances"] ?? {}, instancesFields, {
    what: at.what,
    nameOf: (name) => `samspel.instances.${name}`,
  });
  return { calls, instances, methods };
}

interface EntryPlace {
  readonly at: Place;
  readonly path: string;
  readonly protoService: string;
}

/** An entry of `methodConfig`; the name of a method, or undefined for all of them. */
function readEntry(
  entry: unknown,
  { at, path, protoService }: EntryPlace,
): { readonly names: readonly (string | undefined)[]; readonly layer: Layer } {
  if (!isRecord(entry)) throw refuse(at, path, "an object", entry);
  const { name, samspel: own = {}, ...words } = entry;
  if (!Array.isArray(name) || name.length === 0) {
    throw refuse(at, `${path}.name`, `a list such as [{"service": "${protoService}"}]`, name);
  }
  const place = { what: `${at.what}, ${path}` };
  const layer = new Map(readGrpcWords(words, place));
  const prefixed = { ...place, nameOf: (inner: string) => `samspel.${inner}` };
  add(layer, readFields(own, callFields, prefixed), place);
  checkPairs(layer, place);
  return { names: name.map((each) => methodOf(each, { at, path: `${path}.name`, protoService })), layer };
}

function methodOf(name: unknown, { at, path, protoService }: EntryPlace): string | undefined {
  const must = `{"service": "${protoService}"}, with "method" for one of its methods`;
  if (!isRecord(name)) throw refuse(at, path, must, name);
  const { service = "", method = "", ...rest } = name;
  const isOwn = service === protoService || (service === "" && method === "");
  if (!isOwn || typeof method !== "string" || Object.keys(rest).length > 0)
    throw refuse(at, path, must, name);
  return method === "" ? undefined : method;
}

/** @throws where a field is there already (K2). */
function add(layer: Map<string, FieldValue>, more: Layer, place: Place): void {
  for (const [path, value] of more) {
    // Both words for hedging turn it on.
    if (layer.has(path) && layer.get(path) !== value) {
      throw invalidConfiguration(`${place.what} cannot be: ${path} is said twice: say it once`);
    }
    layer.set(path, value);
  }
}

function parseJson(text: string, { what }: Place): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalidConfiguration(
      `${what} is no JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (isRecord(value)) return value;
  throw invalidConfiguration(`${what} cannot be: it must be an object, a gRPC service config`);
}

function known(
  record: Readonly<Record<string, unknown>>,
  names: readonly string[],
  { what }: Place,
  prefix: string,
): void {
  const other = Object.keys(record).find((name) => !names.includes(name));
  if (other === undefined) return;
  const all = names.map((name) => prefix + name).join(", ");
  throw invalidConfiguration(`${what} has no field ${prefix}${other}: there are ${all}`);
}

/** How a policy is written: what is said of all methods first, then each method by its name. */
export function printStored({ calls, instances, methods }: StoredPolicy, protoService: string): string {
  const balancing = printGrpcBalancing(calls.get("balancing"));
  const ofAll = new Map([...calls].filter(([path]) => balancing === undefined || path !== "balancing"));
  const entries = [
    ...(ofAll.size === 0 ? [] : [{ name: [{ service: protoService }], ...printEntry(ofAll) }]),
    ...[...methods]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([method, layer]) => ({ name: [{ service: protoService, method }], ...printEntry(layer) })),
  ];
  const config = {
    ...(balancing === undefined ? {} : { loadBalancingConfig: balancing }),
    ...(entries.length === 0 ? {} : { methodConfig: entries }),
    ...(instances.size === 0 ? {} : { samspel: { instances: nested(instances) } }),
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

/**
 * In gRPC's words where these are whole by themselves. Retries are said in ours: in gRPC's, a stock client would repeat
 * methods that are not safe to repeat.
 */
function printEntry(layer: Layer): object {
  const rest = new Map(layer);
  const words: Record<string, unknown> = {};
  const timeoutMs = layer.get("timeoutMs");
  if (typeof timeoutMs === "number" && timeoutMs !== Infinity) {
    words["timeout"] = printDuration(timeoutMs);
    rest.delete("timeoutMs");
  }
  for (const [path, word] of [
    ["waitForReady", "waitForReady"],
    ["server.maxRequestBytes", "maxRequestMessageBytes"],
  ] as const) {
    if (!rest.has(path)) continue;
    words[word] = rest.get(path);
    rest.delete(path);
  }
  return rest.size === 0 ? words : { ...words, samspel: nested(rest) };
}

function nested(layer: Layer): object {
  const groups: Record<string, Record<string, FieldValue>> = {};
  const single: Record<string, FieldValue> = {};
  for (const [path, value] of layer) {
    const [group = "", name] = path.split(".");
    const written = value === Infinity ? 0 : value;
    if (name === undefined) single[group] = written;
    else (groups[group] ??= {})[name] = written;
  }
  return { ...single, ...groups };
}
