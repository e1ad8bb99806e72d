// Plain requests to Consul's HTTP API, for the contract suite: no client that could hide what is on the wire.
import { randomUUID } from "node:crypto";

export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
  /** The body as JSON; undefined if it is none. */
  readonly json: unknown;
  readonly index: bigint;
  readonly headers: Headers;
}

export interface ConsulApi {
  readonly url: string;
  get(path: string): Promise<ApiAnswer>;
  put(path: string, body?: unknown): Promise<ApiAnswer>;
  post(path: string, body: unknown): Promise<ApiAnswer>;
  delete(path: string): Promise<ApiAnswer>;
}

export function consulApi(url: string): ConsulApi {
  const send = async (method: string, path: string, body?: unknown): Promise<ApiAnswer> => {
    const response = await fetch(`${url}/v1${path}`, {
      method,
      signal: AbortSignal.timeout(20_000),
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const json: unknown =
      response.headers.get("content-type")?.includes("json") === true ? JSON.parse(text) : undefined;
    return {
      status: response.status,
      text,
      json,
      index: BigInt(response.headers.get("x-consul-index") ?? 0),
      headers: response.headers,
    };
  };
  return {
    url,
    get: (path) => send("GET", path),
    put: (path, body) => send("PUT", path, body),
    post: (path, body) => send("POST", path, body),
    delete: (path) => send("DELETE", path),
  };
}

/** A name that no other test, and no other run, has. */
export const uniqueName = (what: string): string => `${what}-${randomUUID().slice(0, 8)}`;

/** Follows names and positions into JSON of unknown shape. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let item = value;
  for (const step of path) {
    if (typeof item !== "object" || item === null) return undefined;
    item = (item as Record<string | number, unknown>)[step];
  }
  return item;
}

/** The length of a JSON list. */
export const count = (value: unknown): number => (Array.isArray(value) ? value.length : -1);
