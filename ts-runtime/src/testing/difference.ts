// Where two messages differ first, for an error that names the field.

/** A place in a message, and what each of the two has there. */
export interface Difference {
  /** Such as `items["apple"]`; empty where the messages themselves differ. */
  readonly path: string;
  readonly left: unknown;
  readonly right: unknown;
}

/** The first difference of two messages. NaN is like NaN, 0 like -0, and a field that is absent like undefined. */
export function firstDifference(left: unknown, right: unknown, path = ""): Difference | undefined {
  if (left === right || (Number.isNaN(left) && Number.isNaN(right))) return undefined;
  if (!isObject(left) || !isObject(right) || Array.isArray(left) !== Array.isArray(right)) {
    return { path, left, right };
  }
  if (left instanceof Uint8Array || right instanceof Uint8Array) {
    const same =
      left instanceof Uint8Array && right instanceof Uint8Array && Buffer.compare(left, right) === 0;
    return same ? undefined : { path, left, right };
  }
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const found = firstDifference(left[key], right[key], step(left, path, key));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** In words: `items["apple"] was 1.5 and is 1`. */
export function describe({ path, left, right }: Difference, was = "was", is = "is"): string {
  return `${path === "" ? "it" : path} ${was} ${show(left)} and ${is} ${show(right)}`;
}

function show(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number" || value === undefined) return String(value);
  const text = JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? `${item}n` : item));
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

function step(parent: object, path: string, key: string): string {
  if (Array.isArray(parent)) return `${path}[${key}]`;
  if (!/^[A-Za-z_$][\w$]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === "" ? key : `${path}.${key}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
