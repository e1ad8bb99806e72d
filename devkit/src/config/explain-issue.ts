// Turns what the schema library found into sentences: the key's path, the value, what is allowed there.
import type { BaseIssue } from "valibot";
import { allowedKeys } from "./schema.ts";
import { nearest } from "./suggest.ts";

/** One sentence for each mistake; a missing key is left out where a misspelt one explains it. */
export function explainIssues(issues: readonly BaseIssue<unknown>[]): readonly string[] {
  const guesses = new Set(
    issues.filter(isUnknownKey).map((issue) => pathOf([...keys(issue).slice(0, -1), guess(issue) ?? ""])),
  );
  return issues
    .filter((issue) => !(isMissingKey(issue) && guesses.has(pathOf(keys(issue)))))
    .map((issue) => explain(issue));
}

function explain(issue: BaseIssue<unknown>): string {
  const path = keys(issue);
  const place = pathOf(path);
  if (isUnknownKey(issue)) {
    const parent = path.slice(0, -1);
    const meant = guess(issue);
    return (
      `unknown key ${place}` +
      (meant === undefined ? "." : `; did you mean "${meant}"?`) +
      ` Allowed here: ${allowedKeys(parent).join(", ")}`
    );
  }
  if (isMissingKey(issue)) return `${place} is missing`;
  if (issue.kind === "validation") {
    const named = issue.path?.at(-1);
    const what =
      named !== undefined && "origin" in named && named.origin === "key" ? "the name" : "the value";
    const value = what === "the name" ? named?.key : issue.input;
    return `${place}: ${what} must be ${issue.message}, but is ${shown(value)}`;
  }
  return `${place} must be ${kindOf(issue.expected)}, but is ${shown(issue.input)}`;
}

function guess(issue: BaseIssue<unknown>): string | undefined {
  const path = keys(issue);
  return nearest(path.at(-1) ?? "", allowedKeys(path.slice(0, -1)));
}

function isUnknownKey(issue: BaseIssue<unknown>): boolean {
  return issue.type === "strict_object" && issue.expected === "never";
}

function isMissingKey(issue: BaseIssue<unknown>): boolean {
  return issue.type === "strict_object" && issue.expected !== "never" && issue.received === "undefined";
}

function keys(issue: BaseIssue<unknown>): readonly string[] {
  return (issue.path ?? []).map((item) => String(item.key));
}

/** As one would write it in a program: `services.cart.command[0]`. */
function pathOf(path: readonly string[]): string {
  const written = path.map((key) =>
    /^\d+$/.test(key) ? `[${key}]` : /^[\w$-]+$/.test(key) ? `.${key}` : `["${key}"]`,
  );
  return written.join("").replace(/^\./, "") || "the file";
}

function kindOf(expected: string | null): string {
  const kinds: Readonly<Record<string, string>> = {
    string: "a string",
    number: "a number",
    Array: "an array",
    Object: "an object",
  };
  return kinds[expected ?? ""] ?? String(expected);
}

function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? String(value);
  return json.length > 60 ? `${json.slice(0, 57)}…` : json;
}
