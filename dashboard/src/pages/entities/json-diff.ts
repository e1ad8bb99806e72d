// What is different between two states.
import { isJsonObject, type Json } from "../../format/index.ts";

/** A place of a state that an event changed. */
export interface Change {
  /** Such as `items.apple`. */
  readonly path: string;
  /** Undefined where there was nothing. */
  readonly before: Json | undefined;
  /** Undefined where there is nothing any more. */
  readonly after: Json | undefined;
}

/** The smallest places that differ, in the order of the later state, then what is gone. */
export function diffJson(before: Json | undefined, after: Json | undefined, path = ""): readonly Change[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  const [old, now] = [childrenOf(before), childrenOf(after)];
  if (old === undefined || now === undefined) return [{ path: path === "" ? "all" : path, before, after }];
  const names = [...now.keys(), ...[...old.keys()].filter((name) => !now.has(name))];
  return names.flatMap((name) =>
    diffJson(old.get(name), now.get(name), path === "" ? name : `${path}.${name}`),
  );
}

/** The parts of an object or a list; undefined for what has none. */
function childrenOf(value: Json | undefined): ReadonlyMap<string, Json> | undefined {
  if (Array.isArray(value)) return new Map(value.map((item: Json, index) => [String(index), item]));
  return isJsonObject(value) ? new Map(Object.entries(value)) : undefined;
}
