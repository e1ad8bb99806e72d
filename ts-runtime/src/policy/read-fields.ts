// Reads what a place says of a policy, whatever it is given, and checks each field.
import { invalidConfiguration, type SamspelError } from "../errors/index.ts";
import {
  atMost,
  mustBe,
  switched,
  type FieldKind,
  type FieldTable,
  type FieldValue,
  type Layer,
} from "./fields.ts";

/** The place, for messages. */
export interface Place {
  /** Such as `The policy of shop.v1.CartService/AddItem in shop/v1/cart.proto`. */
  readonly what: string;
  /** How a field is written there. Default: its path. */
  readonly nameOf?: (path: string) => string;
}

/**
 * Reads fields, in groups as `CallPolicy` has them; what is undefined is not set.
 * @throws SAMSPEL_INVALID_CONFIGURATION that names the place, the field, its value and what it must be.
 */
export function readFields(given: unknown, table: FieldTable, place: Place): Layer {
  const layer = new Map<string, FieldValue>();
  if (!isRecord(given)) throw refuse(place, "it", "an object", given);
  for (const [name, value] of entriesOf(given)) {
    if (!isGroup(table, name)) {
      layer.set(name, readField(table, name, value, place));
      continue;
    }
    if (!isRecord(value)) throw refuse(place, nameIn(place, name), "an object", value);
    for (const [inner, innerValue] of entriesOf(value)) {
      const path = `${name}.${inner}`;
      layer.set(path, readField(table, path, innerValue, place));
    }
    if (switched.includes(name) && !layer.has(`${name}.enabled`)) layer.set(`${name}.enabled`, true);
  }
  checkPairs(layer, place);
  return layer;
}

/** A field, by its path. @throws SAMSPEL_INVALID_CONFIGURATION, see above. */
export function readField(table: FieldTable, path: string, value: unknown, place: Place): FieldValue {
  const kind = table.get(path);
  if (kind === undefined) {
    const known = [...table.keys()].map((name) => nameIn(place, name)).join(", ");
    throw invalidConfiguration(`${place.what} has no field ${nameIn(place, path)}: there are ${known}`);
  }
  const read = valueOf(kind, value);
  if (read !== undefined) return read;
  throw refuse(place, nameIn(place, path), mustBe(kind), value);
}

/** @throws SAMSPEL_INVALID_CONFIGURATION where what a layer says does not fit together. */
export function checkPairs(layer: Layer, place: Place): void {
  for (const [lower, upper] of atMost) {
    const [low, high] = [layer.get(lower), layer.get(upper)];
    if (low === undefined || high === undefined || low <= high) continue;
    throw refuse(
      place,
      nameIn(place, lower),
      `at most ${nameIn(place, upper)}, which is ${String(high)}`,
      low,
    );
  }
}

export function refuse(place: Place, name: string, must: string, value: unknown): SamspelError {
  return invalidConfiguration(
    `${place.what} cannot be: ${name} must be ${must}: current value is ${shown(value)}`,
  );
}

function valueOf(kind: FieldKind, value: unknown): FieldValue | undefined {
  switch (kind.type) {
    case "flag":
      return typeof value === "boolean" ? value : undefined;
    case "choice":
      return typeof value === "string" && kind.of.includes(value) ? value : undefined;
    case "number": {
      if (typeof value !== "number") return undefined;
      if (kind.zero !== undefined && (value === 0 || value === Infinity)) return Infinity;
      if (!(value >= kind.min && value <= kind.max)) return undefined;
      return kind.unit === "ratio" || Number.isInteger(value) ? value : undefined;
    }
  }
}

function isGroup(table: FieldTable, name: string): boolean {
  return [...table.keys()].some((path) => path.startsWith(`${name}.`));
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Messages have fields of the library's own beside theirs. */
function entriesOf(record: Readonly<Record<string, unknown>>): readonly (readonly [string, unknown])[] {
  return Object.entries(record).filter(([name, value]) => value !== undefined && !name.startsWith("$"));
}

function nameIn({ nameOf }: Place, path: string): string {
  return nameOf === undefined ? path : nameOf(path);
}

function shown(value: unknown): string {
  if (typeof value === "number" || value === undefined) return String(value);
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
