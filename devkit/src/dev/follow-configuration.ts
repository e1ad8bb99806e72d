// The configuration of a run as its files say now, while it goes.
//
//   C1. What cannot be used changes nothing: it is a problem, and looked at again until it is mended.
//   C2. What a run cannot take up while it goes is said by name: it takes a new start.
import { sep } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { loadProject, type Project } from "../config/index.ts";
import type { Problems } from "./problems.ts";

const lookAgainMs = 1_000;

/** What of a project shapes the run as a whole (C2). */
const fixed = ["name", "gateway", "dashboard"] as const;

export interface Configuration {
  /** The last one that could be used. */
  readonly project: Project;
  /** The files that it is in. */
  readonly files: readonly string[];
  /** Whether what the files say cannot be used. */
  readonly isBroken: boolean;
  /** Reads the files; undefined where they say the same as before, or cannot be used (C1). */
  look(): Promise<Project | undefined>;
  /** What was read is used from now on. */
  accept(next: Project): void;
  /** What was read cannot be used after all. */
  refuse(error: unknown): void;
  /** What of the newest takes a new start, of all that changed since this run began. */
  pending(): readonly string[];
  close(): void;
}

export interface ConfigurationOptions {
  /** What the run began with. */
  readonly project: Project;
  readonly problems: Problems;
  /** Called while it is broken, as what mends it may be a folder that nobody watches. */
  readonly onAgain: () => void;
}

/** Begins with the project as it was loaded. */
export function followConfiguration({
  project: first,
  problems,
  onAgain,
}: ConfigurationOptions): Configuration {
  let project = first;
  let again: NodeJS.Timeout | undefined;

  const broken = (error: unknown): void => {
    problems.set({ service: undefined, kind: "configuration", ...wordsOf(error, first.dir) });
    again ??= setInterval(onAgain, lookAgainMs).unref();
  };
  const mended = (): void => {
    clearInterval(again);
    again = undefined;
    problems.clear(undefined, "configuration");
  };

  return {
    get project() {
      return project;
    },
    get files() {
      return [project.file, ...project.extended];
    },
    get isBroken() {
      return again !== undefined;
    },
    async look() {
      try {
        const next = await loadProject(first.file);
        if (!isDeepStrictEqual(next, project)) return next;
        mended();
        return undefined;
      } catch (error) {
        broken(error);
        return undefined;
      }
    },
    accept(next) {
      project = next;
      mended();
    },
    refuse: broken,
    pending: () => fixed.filter((key) => !isDeepStrictEqual(project[key], first[key])),
    close: () => clearInterval(again),
  };
}

/** The first of its lines as the summary, with all of them below where there are several. */
function wordsOf(error: unknown, dir: string): { readonly summary: string; readonly detail: string } {
  const text = error instanceof Error ? error.message : String(error);
  const [first = "", second, ...more] = text.replaceAll(dir + sep, "").split("\n");
  if (second === undefined) return { summary: first, detail: "" };
  const others = more.length === 0 ? "" : ` (and ${more.length} more)`;
  return { summary: `${first} ${second.trim()}${others}`, detail: [first, second, ...more].join("\n") };
}
