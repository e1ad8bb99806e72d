// Path templates of google.api.http, as http.proto's grammar has them:
//
//     Template = "/" Segments [ Verb ] ;
//     Segments = Segment { "/" Segment } ;
//     Segment  = "*" | "**" | LITERAL | Variable ;
//     Variable = "{" FieldPath [ "=" Segments ] "}" ;
//     FieldPath = IDENT { "." IDENT } ;
//     Verb     = ":" LITERAL ;
import { decodeSegment } from "./decode-segment.ts";

type Segment =
  | { readonly type: "literal"; readonly text: string }
  /** `*`: one segment. */
  | { readonly type: "one" }
  /** `**`: the rest, also none of it. */
  | { readonly type: "rest" };

/** Which of the segments a field takes. */
export interface Variable {
  readonly fieldPath: readonly string[];
  readonly from: number;
  /** The one after its last. */
  readonly to: number;
}

export interface PathTemplate {
  readonly segments: readonly Segment[];
  readonly variables: readonly Variable[];
  /** What stands behind the colon. */
  readonly verb: string | undefined;
}

const identifier = /[A-Za-z_]\w*/y;
/** pchar of RFC 3986 without what the grammar has a meaning for. */
const literal = /(?:[\w\-.~!$&'(),;@]|%[0-9A-Fa-f]{2})+/y;

/** @throws SyntaxError that says where and why. */
export function parsePathTemplate(text: string): PathTemplate {
  const segments: Segment[] = [];
  const variables: Variable[] = [];
  let at = 0;

  const fail = (expected: string): never => {
    throw new SyntaxError(`"${text}" is no path template: ${expected} is missing at character ${at + 1}`);
  };
  const take = (token: string): boolean => {
    if (!text.startsWith(token, at)) return false;
    at += token.length;
    return true;
  };
  const match = (pattern: RegExp, what: string): string => {
    pattern.lastIndex = at;
    const [found] = pattern.exec(text) ?? [fail(what)];
    at += found.length;
    return found;
  };
  const takeSegment = (): void => {
    if (take("**")) segments.push({ type: "rest" });
    else if (take("*")) segments.push({ type: "one" });
    else segments.push({ type: "literal", text: decodeSegment(match(literal, "a literal, *, ** or {")) });
  };
  const takeVariable = (): void => {
    const fieldPath = [match(identifier, "the name of a field")];
    while (take(".")) fieldPath.push(match(identifier, "the name of a field"));
    const from = segments.length;
    if (take("=")) {
      do takeSegment();
      while (take("/"));
    } else segments.push({ type: "one" });
    if (!take("}")) fail("}");
    variables.push({ fieldPath, from, to: segments.length });
  };

  if (!take("/")) fail("/");
  do {
    if (take("{")) takeVariable();
    else takeSegment();
  } while (take("/"));
  const verb = take(":") ? decodeSegment(match(literal, "a verb")) : undefined;
  if (at < text.length) fail("the end");
  const rest = segments.findIndex(({ type }) => type === "rest");
  if (rest !== -1 && rest < segments.length - 1) {
    throw new SyntaxError(`"${text}" is no path template: ** must be its last segment`);
  }
  return { segments, variables, verb };
}
