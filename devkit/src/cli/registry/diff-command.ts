// `samspel registry diff`: what changed, and what of it breaks callers.
import { diff, sideOf, sideOfFiles, ViewError } from "../../registry-view/index.ts";
import type { RegistryOptions } from "./index.ts";
import type { ExitCode, Tools } from "./run.ts";

export interface DiffOptions extends RegistryOptions {
  readonly againstProto?: string;
}

interface Sides extends DiffOptions {
  readonly a: string;
  readonly b: string | undefined;
}

export async function showDiff(
  { registry, printer, json }: Tools,
  { a, b, againstProto }: Sides,
): Promise<ExitCode> {
  if ((b === undefined) === (againstProto === undefined)) {
    throw new ViewError("Compare with what? Give <b>, or --against-proto <path>");
  }
  const before = await sideOf(registry, a);
  const after =
    againstProto === undefined ? await sideOf(registry, b ?? "") : await sideOfFiles(againstProto, before);
  const changes = diff(before, after);
  const breaking = changes.filter(({ verdict }) => verdict === "breaks").length;
  if (json) {
    printer.line(
      JSON.stringify({ from: before.title, to: after.title, compatible: breaking === 0, changes }),
    );
  } else {
    printer.table(
      ["verdict", "rule", "methods", "change"],
      changes.map(({ verdict, rule, methods, text }) => [verdict, rule, methods.join(", ") || "–", text]),
      `${before.title} and ${after.title} are the same to their callers`,
    );
    if (breaking > 0)
      printer.line(breaking === 1 ? "1 change breaks callers" : `${breaking} changes break callers`);
  }
  return breaking === 0 ? 0 : 1;
}
