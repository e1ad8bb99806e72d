// HTTP to the registry by Node's own client: sockets kept alive, long polls on their own.
//
//   H1. A long poll never waits for a socket behind other requests, nor they behind it: there are two pools.
//   H2. A request is over when its time is, however slowly an answer drips, and an answer has a size that it must
//       not pass: what stands there may be no Consul.
//   H3. A kept-alive socket that the registry closed just now is not an answer: the request is sent once more, on
//       another one. All that we send may be repeated.
import { Agent as HttpAgent, request as requestHttp, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import type { ResolvedRegistryOptions } from "../options.ts";

export type Method = "GET" | "PUT" | "POST" | "DELETE";

interface RawRequest {
  readonly method: Method;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
  /** Whether the registry may hold the answer back. */
  readonly blocking: boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

interface RawAnswer {
  readonly status: number;
  header(name: string): string | undefined;
  readonly text: string;
}

export interface Transport {
  /** For requests that are answered at once. */
  readonly sockets: HttpAgent;
  /** @throws an `Error` when no whole answer came; the reason of `signal` when it aborts. */
  send(request: RawRequest): Promise<RawAnswer>;
  close(): void;
}

/** Sockets for requests that are answered at once; more of them wait. */
const maxSockets = 16;

/** Far above what the largest service has: 5,000 instances come to some 6 MB. */
const maxAnswerBytes = 64 * 1024 * 1024;

export function createTransport({ tls }: Pick<ResolvedRegistryOptions, "tls">): Transport {
  const settings = { keepAlive: true, keepAliveMsecs: 10_000 };
  const secured =
    tls === undefined
      ? {}
      : {
          rejectUnauthorized: tls.verify,
          ...(tls.ca === undefined ? {} : { ca: tls.ca }),
          ...(tls.cert === undefined || tls.key === undefined ? {} : { cert: tls.cert, key: tls.key }),
          ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
        };
  const agentOf = (more: object): HttpAgent =>
    tls === undefined
      ? new HttpAgent({ ...settings, ...more })
      : new HttpsAgent({ ...settings, ...secured, ...more });
  const [quick, blocking] = [agentOf({ maxSockets }), agentOf({ maxFreeSockets: 16 })];

  const attempt = (request: RawRequest, again: boolean): Promise<RawAnswer> =>
    new Promise((resolve, reject) => {
      const open = tls === undefined ? requestHttp : requestHttps;
      const timeout = AbortSignal.timeout(request.timeoutMs);
      const sent = open(request.url, {
        agent: request.blocking ? blocking : quick,
        method: request.method,
        headers: request.headers,
        signal: request.signal === undefined ? timeout : AbortSignal.any([request.signal, timeout]),
      });
      const fail = (error: Error): void => {
        if (timeout.aborted)
          reject(new Error(`no whole answer within ${request.timeoutMs} ms`, { cause: error }));
        else if (again && sent.reusedSocket && isClosed(error) && request.signal?.aborted !== true) {
          resolve(attempt(request, false));
        } else reject(error);
      };
      // Not once: a request that is reset and aborted at the same moment fails twice.
      sent.on("error", fail);
      sent.once("response", (answer) => void read(answer).then(resolve, fail));
      sent.end(request.body);
    });

  return {
    sockets: quick,
    async send(request) {
      request.signal?.throwIfAborted();
      try {
        return await attempt(request, true);
      } catch (error) {
        request.signal?.throwIfAborted();
        throw error;
      }
    },
    close() {
      quick.destroy();
      blocking.destroy();
    },
  };
}

async function read(answer: IncomingMessage): Promise<RawAnswer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > maxAnswerBytes) {
      answer.destroy();
      throw new Error(`an answer of more than ${maxAnswerBytes} bytes`);
    }
    chunks.push(bytes);
  }
  const { statusCode = 0, headers } = answer;
  return {
    status: statusCode,
    text: Buffer.concat(chunks).toString("utf8"),
    header(name) {
      const value = headers[name];
      return Array.isArray(value) ? value[0] : value;
    },
  };
}

/** Whether the other side had closed a socket that was kept alive. */
export function isClosed(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ECONNRESET" || error.code === "EPIPE");
}
