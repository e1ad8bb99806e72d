// Consul's HTTP API: JSON with tokens, long polls with BigInt indexes and hashes, and errors that say what to do.
import type { Agent as HttpAgent } from "node:http";
import { RegistryError, notConsul, refused, unreachable } from "../errors.ts";
import type { ResolvedRegistryOptions } from "../options.ts";
import { createTokenSource, type TokenSource } from "./token.ts";
import { createTransport, type Method } from "./transport.ts";

export interface ConsulAnswer {
  readonly status: 200 | 404;
  /** `X-Consul-Index`; it passes 2^53 in real systems (R7). */
  readonly index: bigint | undefined;
  readonly contentHash: string | undefined;
  /** Whether the registry left out what the token may not see (Consul 1.11 and later say so). */
  readonly filtered: boolean;
  /** Whether a token may see nothing but what its policies name. To an anonymous one nothing is said of `filtered`. */
  readonly deniesByDefault: boolean;
  /** The parsed JSON; `undefined` with 404 and where there is none. */
  readonly body: unknown;
}

interface ConsulRequest {
  /** What the caller wants, for errors: "watch …". */
  readonly what: string;
  /** Below `/v1`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
}

interface GetRequest extends ConsulRequest {
  /** How long the registry may hold the answer back. Default 0 ms. */
  readonly waitMs?: number;
  readonly signal: AbortSignal;
}

interface SendRequest extends ConsulRequest {
  readonly method: Exclude<Method, "GET">;
  /** Bytes and strings go as they are, the rest as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

export interface ConsulHttp {
  /** @throws RegistryError for whatever is neither 200 nor 404; the reason of `signal` when it aborts. */
  get(request: GetRequest): Promise<ConsulAnswer>;
  /** Like `get`, for what changes something. It may be sent twice where a connection broke. */
  send(request: SendRequest): Promise<ConsulAnswer>;
  close(): void;
}

/** With what the `consul` package needs, to send by the same sockets. */
export interface ConsulConnection extends ConsulHttp {
  /** For requests that are answered at once. */
  readonly sockets: HttpAgent;
  /** The token that the next request has. */
  readonly token: TokenSource;
}

export function createConsulHttp(options: ResolvedRegistryOptions): ConsulConnection {
  const transport = createTransport(options);
  const tokenOf = createTokenSource(options);
  const { root, headers } = splitCredentials(options.url);

  const exchange = async (
    { what, path, query = {}, signal }: ConsulRequest & { readonly signal?: AbortSignal },
    { method, waitMs, body }: { method: Method; waitMs: number; body?: unknown },
  ): Promise<ConsulAnswer> => {
    const url = new URL(`${root}/v1${path}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    if (waitMs > 0) url.searchParams.set("wait", `${waitMs}ms`);
    try {
      const token = await tokenOf();
      const answer = await transport.send({
        method,
        url,
        headers: token === undefined ? headers : { ...headers, "x-consul-token": token },
        body: bodyOf(body),
        blocking: waitMs > 0,
        // Consul adds up to a sixteenth of the wait, so that its clients do not return all at once.
        timeoutMs: Math.ceil(waitMs + waitMs / 16 + options.requestTimeoutMs),
        signal,
      });
      const { status, text } = answer;
      if (status !== 200 && status !== 404) throw refused(options.shownUrl, what, status, text);
      return {
        status,
        index: parseIndex(answer.header("x-consul-index")),
        contentHash: answer.header("x-consul-contenthash"),
        filtered: answer.header("x-consul-results-filtered-by-acls") === "true",
        deniesByDefault: answer.header("x-consul-default-acl-policy") === "deny",
        body: status === 200 ? parseBody(text) : undefined,
      };
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof RegistryError) throw error;
      throw error instanceof SyntaxError
        ? notConsul(options.shownUrl, what, "an answer that is not JSON")
        : unreachable(options.shownUrl, what, error);
    }
  };

  return {
    sockets: transport.sockets,
    token: tokenOf,
    get: (request) => exchange(request, { method: "GET", waitMs: request.waitMs ?? 0 }),
    send: (request) => exchange(request, { method: request.method, waitMs: 0, body: request.body }),
    close: () => transport.close(),
  };
}

/** Credentials in the URL travel as the header that they mean. */
function splitCredentials(url: string): { root: string; headers: Readonly<Record<string, string>> } {
  const base = new URL(url);
  const credentials = `${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}`;
  base.username = "";
  base.password = "";
  const headers =
    credentials === ":" ? {} : { authorization: `Basic ${Buffer.from(credentials).toString("base64")}` };
  return { root: base.href.replace(/\/+$/, ""), headers };
}

function bodyOf(body: unknown): string | Uint8Array | undefined {
  return body === undefined || typeof body === "string" || body instanceof Uint8Array
    ? body
    : JSON.stringify(body);
}

function parseBody(text: string): unknown {
  return text === "" ? undefined : JSON.parse(text);
}

function parseIndex(header: string | undefined): bigint | undefined {
  return header !== undefined && /^\d{1,20}$/.test(header) ? BigInt(header) : undefined;
}
