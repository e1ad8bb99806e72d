// Request bodies, as strict as Consul's: a field it does not know is an error, so that a misspelt one never passes
// silently. Names are compared without case and `_`, as Go's decoder and Consul's aliases do.
import { parseDuration } from "./duration.ts";
import { Refusal } from "./refusal.ts";

export interface Body {
  string(name: string): string;
  /** `undefined` if it is absent. */
  number(name: string): number | undefined;
  boolean(name: string): boolean;
  strings(name: string): readonly string[] | undefined;
  stringMap(name: string): Readonly<Record<string, string>>;
  /** Milliseconds; a number counts as nanoseconds, as in Go. `undefined` if it is absent or empty. */
  durationMs(name: string): number | undefined;
  /** A nested object, or `undefined`. */
  child(name: string, fields: Fields): Body | undefined;
  children(name: string, fields: Fields): readonly Body[];
  /** The object without meaning, as it came. */
  raw(name: string): unknown;
}

export interface Fields {
  /** Names, with spaces between them. */
  readonly known: string;
  /** What Consul knows and this registry does not do: refused by name, never ignored. */
  readonly unsupported?: string;
  /** Whether fields of other names are refused. Default true; Consul is lenient with sessions. */
  readonly strict?: boolean;
}

/** @throws Refusal 400 for what is no JSON object, or has a field that is not in `fields`. */
export function parseBody(bytes: Buffer, fields: Fields): Body {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw new Refusal(
      400,
      `Request decode failed: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return readObject(value, fields);
}

function readObject(value: unknown, fields: Fields): Body {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Refusal(400, "Request decode failed: the body must be a JSON object");
  }
  const known = namesOf(fields.known);
  const unsupported = namesOf(fields.unsupported ?? "");
  const values = new Map<string, unknown>();
  for (const [name, item] of Object.entries(value)) {
    const key = normalise(name);
    if (unsupported.has(key) && !isZero(item)) {
      throw new Refusal(400, `The embedded registry does not do "${name}": run a real Consul for it`);
    }
    if (!known.has(key) && !unsupported.has(key) && (fields.strict ?? true)) {
      throw new Refusal(400, `Request decode failed: json: unknown field "${name}"`);
    }
    if (item !== null) values.set(key, item);
  }
  const read = <T>(name: string, wanted: string, is: (item: unknown) => item is T): T | undefined => {
    const item = values.get(normalise(name));
    if (item === undefined || is(item)) return item;
    throw new Refusal(400, `Request decode failed: "${name}" must be ${wanted}`);
  };
  return {
    string: (name) => read(name, "a string", isString) ?? "",
    number: (name) => read(name, "a number", isNumber),
    boolean: (name) => read(name, "a boolean", isBoolean) ?? false,
    strings: (name) => read(name, "a list of strings", isStrings),
    stringMap: (name) => read(name, "a map of strings", isStringMap) ?? {},
    durationMs(name) {
      const item = read(name, "a duration", isDuration);
      if (item === undefined || item === "") return undefined;
      if (typeof item === "number") return item / 1e6;
      const ms = parseDuration(item);
      if (ms === undefined) throw new Refusal(400, `Request decode failed: time: invalid duration "${item}"`);
      return ms;
    },
    child(name, childFields) {
      const item = values.get(normalise(name));
      return item === undefined ? undefined : readObject(item, childFields);
    },
    children: (name, childFields) =>
      (read(name, "a list", isList) ?? []).map((item) => readObject(item, childFields)),
    raw: (name) => values.get(normalise(name)),
  };
}

const namesOf = (names: string): ReadonlySet<string> => new Set(names.split(" ").map(normalise));
const normalise = (name: string): string => name.replaceAll("_", "").toLowerCase();
const isString = (item: unknown): item is string => typeof item === "string";
const isNumber = (item: unknown): item is number => typeof item === "number";
const isBoolean = (item: unknown): item is boolean => typeof item === "boolean";
const isList = (item: unknown): item is unknown[] => Array.isArray(item);
const isStrings = (item: unknown): item is string[] => Array.isArray(item) && item.every(isString);
const isDuration = (item: unknown): item is string | number => isString(item) || isNumber(item);
const isStringMap = (item: unknown): item is Record<string, string> =>
  typeof item === "object" && item !== null && Object.values(item).every(isString);

/** Clients in Go send the zero value of whatever they do not set. */
function isZero(item: unknown): boolean {
  if (item === null || item === "" || item === 0 || item === false) return true;
  return typeof item === "object" && Object.values(item).every(isZero);
}
