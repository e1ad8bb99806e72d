// JSON as people write it: short lists on one line.

const widest = 100;

/** JSON with two spaces of indentation; a list or an object of plain values is one line where that is short enough. */
export function jsonText(value: unknown): string {
  return `${textOf(value, "")}\n`;
}

function textOf(value: unknown, indent: string): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const list = Array.isArray(value);
  const entries = list ? value.map((item) => ["", item] as const) : Object.entries(value);
  if (entries.length === 0) return list ? "[]" : "{}";
  const [open, close] = list ? ["[", "]"] : ["{", "}"];
  const keyOf = (key: string): string => (list ? "" : `${JSON.stringify(key)}: `);
  if (list && entries.every(([, item]) => item === null || typeof item !== "object")) {
    const line = `[${entries.map(([, item]) => JSON.stringify(item)).join(", ")}]`;
    if (indent.length + line.length <= widest) return line;
  }
  const inner = `${indent}  `;
  const lines = entries.map(([key, item]) => `${inner}${keyOf(key)}${textOf(item, inner)}`);
  return `${open}\n${lines.join(",\n")}\n${indent}${close}`;
}
