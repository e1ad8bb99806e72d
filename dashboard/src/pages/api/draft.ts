// A request that is being written, kept in the browser: the latest of each method, and those that somebody saved.
import type { Method } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";

/** All that a call says. */
export interface Draft {
  /** In JSON; more than one only where the method takes a stream. */
  readonly requests: readonly string[];
  /** A header a line, `name: value`. */
  readonly headers: string;
  /** In ms; empty for the default. */
  readonly timeout: string;
  readonly tell: boolean;
  /** The id of an instance; empty for any. */
  readonly instance: string;
}

/** A draft with a name. */
export interface SavedRequest {
  readonly name: string;
  readonly method: string;
  readonly draft: Draft;
}

const draftKey = "samspel.request.";
const savedKey = "samspel.requests";

/** `<proto service>/<method>`. */
export function pathOf(method: Method): string {
  return `${method.protoService}/${method.name}`;
}

/** What a method begins with: what was written last, else its template. */
export function firstDraft(method: Method): Draft {
  const kept = read(draftKey + pathOf(method)) as Draft | undefined;
  return (
    kept ?? {
      requests: [pretty(method.requestTemplate)],
      headers: "",
      timeout: "",
      tell: false,
      instance: "",
    }
  );
}

/** Keeps what is written. */
export function keepDraft(method: Method, draft: Draft): void {
  write(draftKey + pathOf(method), draft);
}

/** Those that somebody saved, by name. */
export function savedRequests(): readonly SavedRequest[] {
  return (read(savedKey) as readonly SavedRequest[] | undefined) ?? [];
}

/** Replaces those that somebody saved. */
export function keepSaved(requests: readonly SavedRequest[]): void {
  write(
    savedKey,
    requests.toSorted((a, b) => a.name.localeCompare(b.name)),
  );
}

/** Over several lines; as it is where it is no JSON. */
export function pretty(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json === "" ? "{}" : json), null, 2);
  } catch {
    return json;
  }
}

/** Header lines as names and values. */
export function headersOf(lines: string): Record<string, string> {
  return Object.fromEntries(
    lines
      .split("\n")
      .map((line) => /^\s*([^:\s]+)\s*:\s*(.*?)\s*$/.exec(line))
      .flatMap((found) => (found === null ? [] : [[(found[1] ?? "").toLowerCase(), found[2] ?? ""]])),
  );
}

/** What this page wrote itself, in an earlier visit. */
function read(key: string): unknown {
  try {
    const text = localStorage.getItem(key);
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function write(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Full, or refused in a private window: what is written lives as long as the page then.
  }
}
