// Adds a service to samspel.json, and leaves the rest as it is.
import { readFile, writeFile } from "node:fs/promises";
import { ScaffoldError } from "./scaffold-error.ts";
import type { ServiceEntry } from "./languages.ts";

/**
 * The text of a project's file with one more service.
 * @throws ScaffoldError where it has one of that name, or no `services` to add it to.
 */
export function withService(file: string, text: string, name: string, entry: ServiceEntry): string {
  const services: unknown = servicesOf(file, text);
  if (typeof services !== "object" || services === null) throw new ScaffoldError(`${file} has no "services"`);
  if (Object.hasOwn(services, name)) throw new ScaffoldError(`${file} has a service ${name} already`);
  const [start] = /"services"\s*:\s*\{/.exec(text) ?? [];
  const at = start === undefined ? -1 : text.indexOf(start) + start.length;
  if (start === undefined || at < 0) throw new ScaffoldError(`${file} has no "services"`);
  const close = closing(text, at);
  const before = text.slice(0, close).trimEnd();
  const comma = before.endsWith("{") ? "" : ",";
  return `${before}${comma}\n    ${JSON.stringify(name)}: ${compact(entry)}\n  ${text.slice(close)}`;
}

/** Reads, changes and writes it. */
export async function addService(file: string, name: string, entry: ServiceEntry): Promise<void> {
  await writeFile(file, withService(file, await readFile(file, "utf8"), name, entry));
}

function servicesOf(file: string, text: string): unknown {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null && "services" in parsed
      ? parsed.services
      : undefined;
  } catch (error) {
    throw new ScaffoldError(`${file} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Where the object ends that has begun before `from`: braces in strings do not count. */
function closing(text: string, from: number): number {
  let depth = 1;
  let inString = false;
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (inString) {
      if (character === "\\") at++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === "{") depth++;
    else if (character === "}" && --depth === 0) return at;
  }
  return text.length;
}

/** In one line where that is short, as people write it. */
function compact(entry: ServiceEntry): string {
  const inline = (value: unknown): string => {
    if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
    if (typeof value !== "object" || value === null) return JSON.stringify(value);
    const fields = Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}: ${inline(each)}`);
    return `{ ${fields.join(", ")} }`;
  };
  const short = inline(entry);
  if (short.length <= 90) return short;
  const lines = Object.entries(entry).map(([key, value]) => `      ${JSON.stringify(key)}: ${inline(value)}`);
  return `{\n${lines.join(",\n")}\n    }`;
}
