// What services wrote before anybody listened. The dashboard starts after them, and their first lines say what they were
// started with, or why they do not work.
//
//   O1. Bounded: of each service the latest lines are kept, and all of them only until somebody listens.
//   O2. Who listens first is told them in the order in which they came, and then each line as it comes.
import type { OutputLine } from "../process/index.ts";

/** Gets a line of a service, and when it was written, as milliseconds since 1970. */
export type OutputListener = (service: string, line: OutputLine, atMs: number) => void;

export interface OutputMemory {
  add: OutputListener;
  /** Tells what is kept, and keeps nothing from now on. */
  handOver(listener: OutputListener): void;
}

interface Kept {
  /** Over all services. */
  readonly number: number;
  readonly service: string;
  readonly line: OutputLine;
  readonly atMs: number;
}

/** Creates an empty memory of up to `maxLines` lines of each service, 2,000 by default. */
export function createOutputMemory(maxLines: number = 2_000): OutputMemory {
  const services = new Map<string, Kept[]>();
  let isOver = false;
  let number = 0;
  return {
    add(service, line, atMs) {
      if (isOver) return;
      const lines = services.get(service) ?? [];
      services.set(service, lines);
      lines.push({ number: number++, service, line, atMs });
      // Many at once, as each makes a new array.
      if (lines.length > maxLines * 1.25) lines.splice(0, lines.length - maxLines);
    },
    handOver(listener) {
      isOver = true;
      const all = [...services.values()].flatMap((lines) => lines.slice(-maxLines));
      services.clear();
      for (const { service, line, atMs } of all.toSorted((a, b) => a.number - b.number))
        listener(service, line, atMs);
    },
  };
}
