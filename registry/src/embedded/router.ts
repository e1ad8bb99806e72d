// From a request to the handler of its resource. A path is `/v1/…` with `:name` for one segment and `*` for the rest.
import type { IncomingHttpHeaders } from "node:http";
import { parseBlocking, type IndexClock } from "./index-clock.ts";
import { Refusal } from "./refusal.ts";

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Aborts when the client is gone or the registry closes. */
  readonly signal: AbortSignal;
  /** The segment under a name of the route's path, decoded; `*` under `rest`. */
  readonly param: (name: string) => string;
}

export interface Reply {
  readonly status?: number;
  /** JSON unless it is a `Buffer`; nothing if it is absent. */
  readonly body?: unknown;
  /** Of a `Buffer`. Default `text/plain`. */
  readonly contentType?: string;
  readonly index?: bigint;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Route {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly path: string;
  handle(request: Request): Reply | Promise<Reply>;
}

export type Router = (request: Omit<Request, "param">) => Promise<Reply>;

export function createRouter(routes: readonly Route[]): Router {
  const compiled = routes.map((route) => ({ route, pattern: compile(route.path) }));
  return async (request) => {
    let known = false;
    for (const { route, pattern } of compiled) {
      const match = pattern.exec(request.path);
      if (match === null) continue;
      known = true;
      if (route.method !== request.method) continue;
      const groups = match.groups ?? {};
      return await route.handle({ ...request, param: (name) => decode(groups[name] ?? "") });
    }
    if (known) throw new Refusal(405, `method ${request.method} not allowed`);
    throw new Refusal(404, "Invalid URL path: not a recognized HTTP API endpoint");
  };
}

/** Answers when the index of what is read has passed what the client knows, or its wait is over. */
export async function answerBlocking(
  clock: IndexClock,
  request: Request,
  current: () => bigint,
  read: () => Reply,
): Promise<Reply> {
  const blocking = parseBlocking(request.query);
  if (blocking !== undefined) await clock.wait(current, blocking.known, blocking.waitMs, request.signal);
  return { ...read(), index: current() };
}

/** Whether a query has a flag, as Consul reads one: `?passing`, `?passing=1`, but not `?passing=false`. */
export function hasFlag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value !== "false" && value !== "0";
}

function compile(path: string): RegExp {
  const pattern = path.replace(/:(\w+)/g, "(?<$1>[^/]+)").replace("*", "(?<rest>.*)");
  return new RegExp(`^${pattern}$`);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Refusal(400, `Invalid escape in the path: ${text}`);
  }
}
