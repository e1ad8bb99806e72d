// The latest lines of each service. Bounded: where there are more, a service's oldest leave.
import type { LogLine, ReadLine } from "./log-line.ts";
import { levels } from "./log-line.ts";

export interface LogFilter {
  /** Of all where it is empty. */
  readonly service: string;
  /** This one and graver ones; all where it is empty. Output that is no log counts as `info`. */
  readonly level: string;
  /** In any case. */
  readonly text: string;
  readonly traceId: string;
}

export interface LogStore {
  add(service: string, line: ReadLine): void;
  /** The latest lines that match and come after a number, the oldest first. */
  find(filter: LogFilter, options: { readonly after: number; readonly last: number }): readonly LogLine[];
  /** The number of the latest line. */
  readonly latest: number;
  onLine(listener: () => void): () => void;
}

export const anyLine: LogFilter = { service: "", level: "", text: "", traceId: "" };

const keptLines = 2_000;

export function createLogStore(): LogStore {
  const services = new Map<string, LogLine[]>();
  const listeners = new Set<() => void>();
  let latest = 0;
  return {
    add(service, line) {
      latest += 1;
      const lines = services.get(service) ?? [];
      services.set(service, lines);
      lines.push({ ...line, service, number: latest });
      // Many at once, as each makes a new array.
      if (lines.length > keptLines * 1.25) lines.splice(0, lines.length - keptLines);
      for (const listener of listeners) listener();
    },
    find(filter, { after, last }) {
      const matches = matching(filter);
      const from = filter.service === "" ? [...services.values()] : [services.get(filter.service) ?? []];
      const found = from.flatMap((lines) => latestOf(lines, { after, last, matches }));
      return found.toSorted((a, b) => a.number - b.number).slice(-last);
    },
    get latest() {
      return latest;
    },
    onLine(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Looks from the end, as it is the end that is asked for. */
function latestOf(
  lines: readonly LogLine[],
  {
    after,
    last,
    matches,
  }: { readonly after: number; readonly last: number; readonly matches: (line: LogLine) => boolean },
): readonly LogLine[] {
  const found: LogLine[] = [];
  for (let index = lines.length - 1; index >= 0 && found.length < last; index--) {
    const line = lines[index];
    if (line === undefined || line.number <= after) break;
    if (matches(line)) found.push(line);
  }
  return found;
}

function matching({ level, text, traceId }: LogFilter): (line: LogLine) => boolean {
  const least = rank(level);
  const part = text.toLowerCase();
  const trace = traceId.toLowerCase();
  return (line) =>
    (level === "" || rank(line.level || "info") >= least) &&
    (trace === "" || line.traceId === trace) &&
    (part === "" || `${line.message}\n${line.fields}`.toLowerCase().includes(part));
}

function rank(level: string): number {
  return levels.findIndex((name) => name === level);
}
