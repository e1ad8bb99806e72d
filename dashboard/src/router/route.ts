// Where one is. The page is the path's first segment, all else stands in the query, as ids may have any character: each
// view has an address that can be kept and sent.
import { signal } from "@preact/signals";

/** The pages, in the order of the navigation, each with the key that follows `g`. */
export const pages = [
  { id: "system", title: "System", key: "s" },
  { id: "api", title: "API", key: "a" },
  { id: "traces", title: "Traces", key: "t" },
  { id: "entities", title: "Entities", key: "e" },
  { id: "topics", title: "Topics", key: "o" },
  { id: "projections", title: "Projections", key: "p" },
  { id: "tells", title: "Tells", key: "m" },
  { id: "logs", title: "Logs", key: "l" },
  { id: "configuration", title: "Configuration", key: "c" },
] as const;

/** A page's name in the address. */
export type PageId = (typeof pages)[number]["id"];

/** Where one is. */
export interface Route {
  /** Undefined where there is no such page. */
  readonly page: PageId | undefined;
  readonly params: URLSearchParams;
}

/** Parts of the query; undefined and empty ones are left out. */
export type Params = Readonly<Record<string, string | undefined>>;

function parse(): Route {
  const name = location.pathname.split("/")[1] ?? "";
  const page = name === "" ? "system" : pages.find(({ id }) => id === name)?.id;
  return { page, params: new URLSearchParams(location.search) };
}

/** Where one is now. */
export const route = signal<Route>(parse());

/** The address of a view. */
export function href(page: PageId, params: Params = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined && value !== "") query.set(name, value);
  }
  const text = query.toString();
  return text === "" ? `/${page}` : `/${page}?${text}`;
}

/** Goes to an address of `href`. */
export function navigate(to: string, { replace = false }: { readonly replace?: boolean } = {}): void {
  if (replace) history.replaceState(null, "", to);
  else history.pushState(null, "", to);
  const before = route.value.page;
  route.value = parse();
  if (route.value.page !== before) scrollTo(0, 0);
}

/** A part of the query of where one is; undefined where it is not there. */
export function param(name: string): string | undefined {
  return route.value.params.get(name) ?? undefined;
}

/** Changes parts of the query, without a step of the history: for filters. */
export function setParams(changes: Params): void {
  const { page, params } = route.value;
  if (page === undefined) return;
  navigate(href(page, { ...Object.fromEntries(params), ...changes }), { replace: true });
}

/** Has links and the browser's buttons change the route, not the document. */
export function startRouter(): void {
  addEventListener("popstate", () => {
    route.value = parse();
  });
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (!(event.target instanceof Element)) return;
    // Links of the map are of SVG: their `href` is no string.
    const link = event.target.closest("a[href]");
    const to = link?.getAttribute("href") ?? "";
    if (link === null || !to.startsWith("/") || link.hasAttribute("target")) return;
    event.preventDefault();
    navigate(to);
  });
}
