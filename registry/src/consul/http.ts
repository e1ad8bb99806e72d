// Consul's HTTP API where the `consul` package has no words for it: long polls with BigInt indexes and hashes.
import { RegistryError, refused, unreachable } from "../errors.ts";
import type { ResolvedRegistryOptions } from "../options.ts";

interface Answer {
  readonly status: 200 | 404;
  /** `X-Consul-Index`; it passes 2^53 in real systems (R7). */
  readonly index: bigint | undefined;
  readonly contentHash: string | undefined;
  /** The parsed JSON, `undefined` with 404. */
  readonly body: unknown;
}

interface GetRequest {
  /** What the caller wants, for errors: "watch …". */
  readonly what: string;
  /** Below `/v1`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** How long the registry may hold the answer back. Default 0 ms. */
  readonly waitMs?: number;
  readonly signal: AbortSignal;
}

interface PutRequest {
  /** What the caller wants, for errors: "publish …". */
  readonly what: string;
  /** Below `/v1`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer> | string;
  readonly signal: AbortSignal;
}

export interface ConsulHttp {
  /** @throws RegistryError for whatever is neither 200 nor 404; the reason of `signal` when it aborts. */
  get(request: GetRequest): Promise<Answer>;
  /**
   * The answer's text, such as `true` or `false` of a key's check-and-set.
   * @throws RegistryError for whatever is not 200; the reason of `signal` when it aborts.
   */
  put(request: PutRequest): Promise<string>;
}

export function createConsulHttp(options: ResolvedRegistryOptions): ConsulHttp {
  const headers: Record<string, string> =
    options.token === undefined ? {} : { "x-consul-token": options.token };
  // fetch() refuses a URL with credentials: they travel as the header that they mean.
  const base = new URL(options.url);
  if (base.username !== "" || base.password !== "") {
    const credentials = `${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}`;
    headers["authorization"] = `Basic ${Buffer.from(credentials).toString("base64")}`;
    base.username = "";
    base.password = "";
  }
  const root = base.href.replace(/\/+$/, "");
  return {
    async get({ what, path, query = {}, waitMs = 0, signal }) {
      const search = new URLSearchParams(query);
      if (waitMs > 0) search.set("wait", `${waitMs}ms`);
      // Consul adds up to a sixteenth of the wait, so that its clients do not return all at once.
      const timeout = AbortSignal.timeout(Math.ceil(waitMs + waitMs / 16 + options.requestTimeoutMs));
      try {
        const response = await fetch(`${root}/v1${path}?${search.toString()}`, {
          headers,
          signal: AbortSignal.any([signal, timeout]),
        });
        const text = await response.text();
        if (response.status !== 200 && response.status !== 404) {
          throw refused(options.shownUrl, what, response.status, text);
        }
        return {
          status: response.status,
          index: parseIndex(response.headers.get("x-consul-index")),
          contentHash: response.headers.get("x-consul-contenthash") ?? undefined,
          body: response.status === 200 ? parseBody(text) : undefined,
        };
      } catch (error) {
        signal.throwIfAborted();
        throw error instanceof RegistryError ? error : unreachable(options.shownUrl, what, error);
      }
    },
    async put({ what, path, query = {}, body, signal }) {
      const timeout = AbortSignal.timeout(options.requestTimeoutMs);
      try {
        const response = await fetch(`${root}/v1${path}?${new URLSearchParams(query).toString()}`, {
          method: "PUT",
          headers,
          body,
          signal: AbortSignal.any([signal, timeout]),
        });
        const text = await response.text();
        if (response.status !== 200) throw refused(options.shownUrl, what, response.status, text);
        return text.trim();
      } catch (error) {
        signal.throwIfAborted();
        throw error instanceof RegistryError ? error : unreachable(options.shownUrl, what, error);
      }
    },
  };
}

function parseBody(text: string): unknown {
  return JSON.parse(text);
}

function parseIndex(header: string | null): bigint | undefined {
  return header !== null && /^\d+$/.test(header) ? BigInt(header) : undefined;
}
