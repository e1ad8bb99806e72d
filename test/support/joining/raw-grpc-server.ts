// A gRPC server of bare HTTP/2, so that tests can make it do what no library would.
import { once } from "node:events";
import {
  createSecureServer,
  createServer,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { createFrameReader, frameOf } from "../../../devkit/src/join/verify/grpc/frames.ts";

/** A call as a handler sees it: the request is there whole. */
interface RawCall {
  readonly request: Uint8Array;
  /** Aborts when the caller is gone, or the deadline is over. */
  readonly signal: AbortSignal;
  send(this: void, message: Uint8Array): void;
  end(this: void, code: number, message?: string): void;
}

export type RawHandler = (call: RawCall) => void;

export interface RawServerOptions {
  readonly handlers: ReadonlyMap<string, RawHandler>;
  /** Of paths that have no handler. */
  readonly otherwise: RawHandler;
  readonly ignoresDeadlines: boolean;
  /** How many headers a call may have. */
  readonly maxHeaders?: number | undefined;
  /** Closes a connection on its first PING. */
  readonly closesOnPing?: boolean | undefined;
  /** Default: plaintext. */
  readonly tls?: {
    readonly key: string;
    readonly cert: string;
    readonly ca: readonly string[];
    readonly requestCert: boolean;
  };
}

export interface RawServer extends AsyncDisposable {
  readonly port: number;
}

export async function startRawServer(options: RawServerOptions): Promise<RawServer> {
  const { tls, maxHeaders } = options;
  const limits = maxHeaders === undefined ? {} : { maxHeaderListPairs: maxHeaders };
  const server =
    tls === undefined
      ? createServer(limits)
      : createSecureServer({ ...limits, ...tls, ca: [...tls.ca], rejectUnauthorized: tls.requestCert });
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => {});
    if (options.closesOnPing === true) session.on("ping", () => session.close());
    session.once("close", () => sessions.delete(session));
  });
  server.on("stream", (stream, headers) => {
    const handler = options.handlers.get(String(headers[":path"])) ?? options.otherwise;
    serve(stream, handler, options.ignoresDeadlines ? undefined : timeoutOf(headers["grpc-timeout"]));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      server.close();
    },
  };
}

function serve(stream: ServerHttp2Stream, handler: RawHandler, timeoutMs: number | undefined): void {
  const gone = new AbortController();
  const read = createFrameReader();
  const head = { "content-type": "application/grpc", ":status": 200 };
  const end = (code: number, message = ""): void => {
    clearTimeout(timer);
    if (stream.destroyed || stream.writableEnded) return;
    const status = { "grpc-status": String(code), "grpc-message": encodeURIComponent(message) };
    if (!stream.headersSent) {
      stream.respond({ ...head, ...status }, { endStream: true });
      return;
    }
    stream.once("wantTrailers", () => stream.sendTrailers(status));
    stream.end();
  };
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          gone.abort();
          end(4, "the deadline is over");
        }, timeoutMs);
  const requests: Uint8Array[] = [];
  stream.on("error", () => {});
  stream.on("close", () => {
    clearTimeout(timer);
    gone.abort();
  });
  stream.on("data", (chunk: Buffer) => requests.push(...read(chunk)));
  stream.on("end", () =>
    handler({
      request: requests[0] ?? new Uint8Array(),
      signal: gone.signal,
      end,
      send(message) {
        if (stream.destroyed) return;
        if (!stream.headersSent) stream.respond(head, { waitForTrailers: true });
        stream.write(frameOf(message));
      },
    }),
  );
}

const units: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};

function timeoutOf(text: string | string[] | undefined): number | undefined {
  const [, number, unit = ""] = /^(\d{1,8})([HMSmun])$/.exec(String(text)) ?? [];
  return number === undefined ? undefined : Number(number) * (units[unit] ?? 0);
}
