// Values of OTLP's JSON, whoever sent it: nothing in it is taken for granted.
import { RefusedError } from "./refused.ts";

type Fields = Readonly<Record<string, unknown>>;

const maxAttributes = 128;
const maxTextLength = 4_096;
const maxDepth = 16;

/** The fields of what must be an object. */
export function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw new RefusedError(400, `${what} must be an object`);
}

/** The items of what may be a list. */
export function itemsOf(value: unknown, what: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw new RefusedError(400, `${what} must be a list`);
}

/** Text, cut where it is too long to keep. */
export function textOf(value: unknown): string {
  const text = typeof value === "string" ? value : "";
  return text.length <= maxTextLength ? text : `${text.slice(0, maxTextLength)}…`;
}

/** Nanoseconds since 1970, a number or a string of digits, as milliseconds; 0 for what is none. */
export function millisecondsOf(value: unknown): number {
  if (typeof value === "number") return Number.isFinite(value) && value > 0 ? value / 1e6 : 0;
  if (typeof value !== "string" || !/^\d{1,20}$/.test(value)) return 0;
  return Number(BigInt(value) / 1_000n) / 1_000;
}

/** An id of so many hexadecimal digits in lower case; undefined for what is none, or is all zeros. */
export function idOf(value: unknown, digits: 16 | 32): string | undefined {
  if (typeof value !== "string" || value.length !== digits || !/^[0-9a-f]+$/i.test(value)) return undefined;
  return /^0+$/.test(value) ? undefined : value.toLowerCase();
}

/** The name of an enum's value or its number, as a number. */
export function numberOf(value: unknown, names: readonly string[] = []): number {
  if (typeof value === "number") return value;
  return typeof value === "string" ? Math.max(0, names.indexOf(value)) : 0;
}

/** Attributes as text; the first of them, where there are too many to keep. */
export function attributesOf(list: unknown): Readonly<Record<string, string>> {
  const attributes = itemsOf(list, "attributes").slice(0, maxAttributes);
  return Object.fromEntries(
    attributes.map((item) => {
      const { key, value } = fieldsOf(item, "an attribute");
      return [textOf(key), valueText(value)];
    }),
  );
}

/** A value as text: strings as they are, all else as JSON. */
export function valueText(value: unknown): string {
  const plain = plainOf(value, 0);
  if (plain === undefined) return "";
  return textOf(typeof plain === "string" ? plain : JSON.stringify(plain));
}

function plainOf(value: unknown, depth: number): unknown {
  if (value === undefined || value === null) return undefined;
  if (depth > maxDepth) return "…";
  const fields = fieldsOf(value, "a value");
  if (typeof fields["stringValue"] === "string") return fields["stringValue"];
  if (typeof fields["boolValue"] === "boolean") return fields["boolValue"];
  if (typeof fields["doubleValue"] === "number") return fields["doubleValue"];
  if (typeof fields["bytesValue"] === "string") return fields["bytesValue"];
  const int = fields["intValue"];
  if (typeof int === "number" || typeof int === "string") return intOf(int);
  if (fields["arrayValue"] !== undefined) {
    const { values } = fieldsOf(fields["arrayValue"], "arrayValue");
    return itemsOf(values, "values").map((item) => plainOf(item, depth + 1) ?? null);
  }
  if (fields["kvlistValue"] === undefined) return undefined;
  const { values } = fieldsOf(fields["kvlistValue"], "kvlistValue");
  return Object.fromEntries(
    itemsOf(values, "values").map((item) => {
      const { key, value: inner } = fieldsOf(item, "a value");
      return [textOf(key), plainOf(inner, depth + 1) ?? null];
    }),
  );
}

/** What a number of JavaScript cannot hold stays text. */
function intOf(value: number | string): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}
