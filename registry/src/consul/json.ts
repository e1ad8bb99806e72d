// Reading what Consul answers: nothing is assumed of its shape.

export function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

export function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function asString(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export function asStrings(value: unknown): readonly string[] {
  return asArray(value).filter((item): item is string => typeof item === "string");
}

export function asNumber(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

export function asStringMap(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(asRecord(value)).map(([key, item]) => [key, String(item)]));
}
