// Paths of OpenAPI, whose parameters are single segments: a variable of several becomes one parameter for each wildcard
// in it. Names have no dots, which not all tools take in a path. What `**` takes has no form in OpenAPI; it becomes a parameter that may have slashes.
import type { PathTemplate } from "../rest/path-template.ts";

interface PathParameter {
  readonly name: string;
  /** The field that it is all of; undefined for a part of one, and for what no field takes. */
  readonly fieldPath: readonly string[] | undefined;
  readonly spansSegments: boolean;
}

export interface OpenApiPath {
  /** `/v1/shelves/{name}:close`. */
  readonly text: string;
  readonly parameters: readonly PathParameter[];
}

export function pathOf({ segments, variables, verb }: PathTemplate): OpenApiPath {
  const parameters: PathParameter[] = [];
  const texts = segments.map((segment, index) => {
    if (segment.type === "literal") return encodeURIComponent(segment.text);
    const variable = variables.find(({ from, to }) => from <= index && index < to);
    const base = variable?.fieldPath.join("_") ?? "segment";
    const number = parameters.filter(({ name }) => name === base || name.startsWith(`${base}_`)).length;
    const name = number === 0 ? base : `${base}_${number + 1}`;
    const isWhole = variable !== undefined && variable.to - variable.from === 1;
    parameters.push({
      name,
      fieldPath: isWhole ? variable.fieldPath : undefined,
      spansSegments: segment.type === "rest",
    });
    return `{${name}}`;
  });
  return {
    text: `/${texts.join("/")}${verb === undefined ? "" : `:${encodeURIComponent(verb)}`}`,
    parameters,
  };
}
