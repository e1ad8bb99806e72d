// How changes and problems look in a terminal.
import type { DevEvent, DevProblem } from "../dev/index.ts";
import type { Colors } from "./colors.ts";

const shownLines = 20;
const shownFiles = 3;

/** `cart/cart.ts changed: cart restarts`. */
export function changeText({ files, services }: Extract<DevEvent, { type: "changed" }>): string {
  const more = files.length > shownFiles ? ` and ${files.length - shownFiles} more` : "";
  const named = `${files.slice(0, shownFiles).join(", ")}${more} changed`;
  if (services.length === 0) return `↻ ${named}`;
  return `↻ ${named}: ${services.join(", ")} ${services.length === 1 ? "restarts" : "restart"}`;
}

/** `samspel.json changed: mail starts, cart restarts, old stops`. */
export function projectChangeText({
  added,
  changed,
  removed,
}: Pick<Extract<DevEvent, { type: "project-changed" }>, "added" | "changed" | "removed">): string {
  const parts = [
    [added, "start"],
    [changed, "restart"],
    [removed, "stop"],
  ] as const;
  const told = parts.flatMap(([names, verb]) =>
    names.length === 0 ? [] : [`${names.join(", ")} ${names.length === 1 ? `${verb}s` : verb}`],
  );
  return told.length === 0 ? "↻ samspel.json changed" : `↻ samspel.json changed: ${told.join("; ")}`;
}

export interface ProblemLinesOptions {
  readonly colors: Colors;
  /** Whether what services write is shown by itself. */
  readonly services: "shown" | "after-ready" | "silent";
}

/** The summary, and below it the end of the output, unless it stands above. What is only found fault with is yellow. */
export function problemLines(
  { kind, summary, detail }: DevProblem,
  { colors, services }: ProblemLinesOptions,
): readonly string[] {
  const isFinding = kind === "lint" || kind === "breaking";
  const mark = isFinding ? colors.yellow("!") : colors.red("✘");
  const isSeen = kind === "start" && services !== "silent";
  const lines = detail === "" || isSeen ? [] : detail.split("\n");
  // Of findings the first count, of a process's output the last.
  const shown = isFinding ? lines.slice(0, shownLines) : lines.slice(-shownLines);
  return [`${mark} ${summary}`, ...shown.map((line) => `  │ ${line}`)];
}
