// The matrix of scenarios by languages and directions, for people.
import type { DirectedResult } from "./run-language.ts";

const marks = { passed: "✔", failed: "✘", none: "·" } as const;

/** Lines: a scenario each, with a column for each direction. */
export function matrix(results: readonly DirectedResult[]): readonly string[] {
  const scenarios = [...new Set(results.map(({ scenario }) => scenario))];
  const directions = [...new Set(results.map(directionOf))];
  const width = Math.max(8, ...scenarios.map(({ length }) => length));
  const header = ["scenario".padEnd(width), ...directions].join("  ");
  const lines = scenarios.map((scenario) => {
    const cells = directions.map((direction) => {
      const result = results.find((one) => one.scenario === scenario && directionOf(one) === direction);
      const mark = result === undefined ? marks.none : result.passed ? marks.passed : marks.failed;
      return mark.padEnd(direction.length);
    });
    return [scenario.padEnd(width), ...cells].join("  ").trimEnd();
  });
  return [header, ...lines];
}

function directionOf({ drive, serve }: DirectedResult): string {
  return `${short(drive)} → ${short(serve)}`;
}

function short(language: string): string {
  return language === "typescript" ? "ts" : language;
}
