// Which route a request is for. Literals come before `*`, and `*` before `**`; a template with a verb before one without.
import { decodeSegment, decodeSegments } from "./decode-segment.ts";
import type { PathTemplate, Variable } from "./path-template.ts";

/** What a path says of the fields of a request, by variable. */
export interface PathMatch<R> {
  readonly route: R;
  readonly values: ReadonlyArray<readonly [fieldPath: readonly string[], value: string]>;
}

type RouteSearch<R> =
  | ({ readonly type: "found" } & PathMatch<R>)
  /** The path is there, for other methods. */
  | { readonly type: "other-methods"; readonly allowed: readonly string[] }
  | { readonly type: "missing" }
  /** Its percent encoding is malformed. */
  | { readonly type: "malformed" };

export interface RouteTree<R> {
  /** @throws RangeError for a route whose method and template are taken: which one would answer? */
  add(httpMethod: string, template: PathTemplate, route: R): void;
  find(httpMethod: string, path: string): RouteSearch<R>;
}

interface Leaf<R> {
  readonly route: R;
  readonly template: PathTemplate;
}

interface Node<R> {
  readonly literals: Map<string, Node<R>>;
  one: Node<R> | undefined;
  rest: Node<R> | undefined;
  /** By verb, `""` for none, and by HTTP method, `*` for all. */
  readonly leaves: Map<string, Map<string, Leaf<R>>>;
}

export function createRouteTree<R>(): RouteTree<R> {
  const root = createNode<R>();
  return {
    add(httpMethod, template, route) {
      let node = root;
      for (const segment of template.segments) {
        if (segment.type === "one") node = node.one ??= createNode();
        else if (segment.type === "rest") node = node.rest ??= createNode();
        else {
          const next = node.literals.get(segment.text) ?? createNode<R>();
          node.literals.set(segment.text, next);
          node = next;
        }
      }
      const verb = template.verb ?? "";
      const byMethod = node.leaves.get(verb) ?? new Map<string, Leaf<R>>();
      node.leaves.set(verb, byMethod);
      if (byMethod.has(httpMethod)) throw new RangeError("another method has the same path");
      byMethod.set(httpMethod, { route, template });
    },
    find(httpMethod, path) {
      if (!path.startsWith("/")) return { type: "missing" };
      const raw = path.slice(1).split("/");
      try {
        return search(root, httpMethod, raw);
      } catch (error) {
        if (error instanceof URIError) return { type: "malformed" };
        throw error;
      }
    },
  };
}

function createNode<R>(): Node<R> {
  return { literals: new Map(), one: undefined, rest: undefined, leaves: new Map() };
}

function search<R>(root: Node<R>, httpMethod: string, raw: readonly string[]): RouteSearch<R> {
  const allowed = new Set<string>();
  const last = raw.at(-1) ?? "";
  const colon = last.lastIndexOf(":");
  const readings: Array<{ readonly verb: string; readonly segments: readonly string[] }> = [];
  if (colon !== -1) {
    const segments = [...raw.slice(0, -1), last.slice(0, colon)];
    readings.push({ verb: decodeSegment(last.slice(colon + 1)), segments });
  }
  readings.push({ verb: "", segments: raw });
  for (const { verb, segments } of readings) {
    const decoded = segments.map(decodeSegment);
    const leaf = descend(root, { httpMethod, verb, decoded, allowed }, 0);
    if (leaf === undefined) continue;
    const values = leaf.template.variables.map(
      (variable) => [variable.fieldPath, valueOf(variable, leaf.template, segments)] as const,
    );
    return { type: "found", route: leaf.route, values };
  }
  return allowed.size === 0 ? { type: "missing" } : { type: "other-methods", allowed: [...allowed] };
}

interface Sought {
  readonly httpMethod: string;
  readonly verb: string;
  readonly decoded: readonly string[];
  readonly allowed: Set<string>;
}

function descend<R>(node: Node<R>, sought: Sought, at: number): Leaf<R> | undefined {
  const segment = sought.decoded[at];
  if (segment === undefined) return leafOf(node, sought) ?? (node.rest && leafOf(node.rest, sought));
  const literal = node.literals.get(segment);
  const below = literal && descend(literal, sought, at + 1);
  if (below !== undefined) return below;
  const one = segment === "" || node.one === undefined ? undefined : descend(node.one, sought, at + 1);
  return one ?? (node.rest && leafOf(node.rest, sought));
}

function leafOf<R>({ leaves }: Node<R>, { httpMethod, verb, allowed }: Sought): Leaf<R> | undefined {
  const byMethod = leaves.get(verb);
  if (byMethod === undefined) return undefined;
  const leaf = byMethod.get(httpMethod) ?? byMethod.get("*");
  if (leaf === undefined) for (const method of byMethod.keys()) allowed.add(method);
  return leaf;
}

function valueOf({ from, to }: Variable, { segments }: PathTemplate, raw: readonly string[]): string {
  const isSingle = to - from === 1 && segments[from]?.type !== "rest";
  if (isSingle) return decodeSegment(raw[from] ?? "");
  // `**` is the last, and takes what is left.
  const end = segments[to - 1]?.type === "rest" ? raw.length : to;
  return decodeSegments(raw.slice(from, end).join("/"));
}
