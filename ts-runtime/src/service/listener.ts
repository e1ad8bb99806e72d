// One port for HTTP/2 and HTTP/1.1: in plaintext, or over TLS where the service has an identity. Invariants:
//   L1. A connection that says nothing is closed: it cannot hold a place for ever.
//   L2. stop() refuses new connections and calls; every call that has begun may end. HTTP/2 peers hear it in two
//       steps, as gRPC servers do: a GOAWAY that still allows calls on their way, a round trip, the final one. HTTP/1.1
//       peers hear it with their next answer: who uses a connection all the time has no call cut on its way.
//   L3. With an identity, and unless it is permissive, nothing is read from who does not speak TLS. With a certificate
//       as the web has them, nothing at all.
//   L4. Whatever is wrong with a connection or a request ends that, and nothing else.
import http from "node:http";
import http2 from "node:http2";
import net, { type Socket } from "node:net";
import type { Duplex } from "node:stream";
import tls from "node:tls";
import { once, type EventEmitter } from "node:events";
import { isBinaryGrpc, letStreamsGo } from "../grpc/index.ts";
import type { Logger } from "../telemetry/index.ts";
import { turnAway } from "./goodbye.ts";
import type { GrpcCalls } from "./grpc-calls.ts";
import type { Guard, ServerIdentity } from "./guard.ts";
import { listenError } from "./listen-error.ts";
import type { Peer } from "./peer.ts";
import { createPeers } from "./peers.ts";
import { tellApart } from "./preface.ts";
import { createRefusalLog } from "./refusal-log.ts";
import type { NodeRequest, NodeResponse } from "./request-handler.ts";
import { defaultConnectionOptions, watchSessions, type ConnectionOptions } from "./session-watch.ts";
import { createTlsPort } from "./tls-port.ts";
import { dropUnread } from "./unread.ts";

const goawayRoundTripMs = 1_000;
// Who said nothing for so long on an HTTP/1.1 connection is told by its end.
const silentMs = 250;
// Per connection; further calls wait at their caller. What a session of Node costs to end grows with the square of its
// streams: 0.1 s for 1,000, 2.2 s for 10,000, in which nothing else runs.
const maxConcurrentStreams = 2_048;
const lastStreamIdOfAll = 2 ** 31 - 1;
// Streams that their callers reset, of one connection. Node's 33 a second would cut callers who hedge their calls and
// cancel those that lose; ten thousand at once cost a server a third of a second (CVE-2023-44487 sends millions).
const streamResets = { streamResetBurst: 10_000, streamResetRate: 1_000 };
const handshakeMs = 10_000;
// Over HTTP/1.1, until all of a request is there: it bounds an upload, too.
const requestMs = 300_000;
const slowCheckMs = 5_000;

export interface ListenerOptions {
  readonly host: string;
  readonly port: number;
  readonly maxHeaderBytes: number;
  /** The peer is undefined for an anonymous one. */
  readonly handler: (request: NodeRequest, response: NodeResponse, peer: Peer | undefined) => void;
  /** Answers the calls of gRPC in place of the handler. Default: nobody does. */
  readonly grpc?: GrpcCalls | undefined;
  readonly logger: Logger;
  /** Whose certificate is shown, and who watches over the peers; without them the port is in plaintext. */
  readonly security?: { readonly server: ServerIdentity; readonly guard: Guard } | undefined;
  /** Default: as `ConnectionOptions` has it. */
  readonly connections?: ConnectionOptions | undefined;
  /** A certificate as the web has them, for callers without one; not together with `security`. */
  readonly webTls?: tls.SecureContextOptions | undefined;
  /** Takes HTTP/1.1 connections that ask for another protocol, such as WebSocket. Default: they are closed. */
  readonly onUpgrade?: ((request: http.IncomingMessage, socket: Duplex, head: Buffer) => void) | undefined;
}

export interface Listener {
  readonly port: number;
  /** Uses another certificate from the next handshake on. */
  setWebTls(options: tls.SecureContextOptions): void;
  /** Stops accepting and lets calls end (L2). */
  stop(): void;
  /** Resolves when no call is running, and after `stop()` none is on its way (L2). */
  idle(): Promise<void>;
  /** Cuts every connection that is left; resolves when all is closed. */
  cut(): Promise<void>;
}

export async function startListener(options: ListenerOptions): Promise<Listener> {
  const { handler, grpc, logger, security } = options;
  const running = new Set<NodeResponse>();
  const { connections = defaultConnectionOptions } = options;
  const watch = watchSessions(connections, leave);
  const { sessions } = watch;
  const sockets = new Set<Socket>();
  const waiting: (() => void)[] = [];
  const http1Sockets = new Set<Socket>();
  let stopping = false;

  const peers = security === undefined ? undefined : createPeers(security, leave);
  const isIdle = (): boolean => running.size === 0 && (grpc?.running ?? 0) === 0;
  const onCallClosed = (): void => {
    if (waiting.length > 0 && isIdle()) for (const resolve of waiting.splice(0)) resolve();
  };
  const onRequest = (request: NodeRequest, response: NodeResponse): void => {
    running.add(response);
    const connection = "stream" in request ? watch.of(request.stream.session) : undefined;
    connection?.onCallBegun();
    response.once("close", () => {
      running.delete(response);
      if (connection === undefined) onCallClosed();
      else connection.onCallClosed();
    });
    // Who reads it learns of its end in his own way; without any listener, one that is cut would end the process (L4).
    request.on("error", ignore);
    const peer = peers?.of(request);
    if (request.httpVersionMajor === 1 && (stopping || peer?.revoked.aborted === true)) {
      response.setHeader("connection", "close");
    }
    if ("stream" in request) dropUnread(request);
    handler(request, response, peer);
  };

  const http1 = http.createServer(
    {
      maxHeaderSize: options.maxHeaderBytes,
      headersTimeout: connections.beginMs,
      requestTimeout: Math.max(requestMs, connections.beginMs),
      connectionsCheckingInterval: Math.min(slowCheckMs, connections.beginMs / 2),
      keepAlive: true,
      keepAliveInitialDelay: connections.keepAliveMs,
    },
    onRequest,
  );
  http1.maxConnections = connections.maxConnections;
  const h2 = http2.createServer({
    settings: { maxHeaderListSize: options.maxHeaderBytes, maxConcurrentStreams },
    // Per connection; the default of 10 MB refuses streams when a thousand callers share a connection.
    maxSessionMemory: 64,
    ...streamResets,
  });
  // Never listens: it makes requests of the streams that are not gRPC's.
  const compatible = http2.createServer(onRequest);
  h2.on("stream", (stream, headers, ...rest) => {
    const isGrpc = headers[":method"] === "POST" && isBinaryGrpc(headers["content-type"]);
    const connection = watch.of(stream.session);
    if (grpc !== undefined && isGrpc && connection !== undefined) grpc.accept(stream, headers, connection);
    else compatible.emit("stream", stream, headers, ...rest);
  });
  let arriving: Socket | undefined;
  h2.on("session", (session) => {
    letStreamsGo(session);
    watch.add(session, { socket: arriving ?? {}, peer: peers?.meet(session), onCallClosed });
    if (stopping) leave(session);
  });
  h2.on("sessionError", (error) => logger.debug({ err: error }, "a connection failed"));

  // The HTTP/1.1 server owns the port, so that its own limits on slow and idle connections stay in force.
  const toHttp1 = http1.listeners("connection");
  http1.removeAllListeners("connection");
  const serve = (socket: Socket, isHttp2: boolean): void => {
    if (isHttp2) {
      // A server of HTTP/1.1 leaves it open for its answers when the peer has ended it, and a dead caller would never be
      // noticed. HTTP/2 ends with either side.
      socket.allowHalfOpen = false;
      arriving = socket;
      h2.emit("connection", socket);
      arriving = undefined;
      return;
    }
    http1Sockets.add(socket);
    socket.once("close", () => http1Sockets.delete(socket));
    for (const listener of toHttp1) listener.call(http1, socket);
  };
  const onRefused = createRefusalLog(logger);
  const tlsPort =
    security === undefined
      ? undefined
      : createTlsPort({
          identity: security.server.identity,
          logger,
          onRefused,
          onPeer(socket, peer, isHttp2) {
            sockets.add(socket);
            socket.once("close", () => sockets.delete(socket));
            peers?.greet(socket, peer, () => serve(socket, isHttp2));
          },
        });
  if (options.onUpgrade !== undefined) http1.on("upgrade", options.onUpgrade);
  const webTls = options.webTls === undefined ? undefined : createWebTls(options.webTls, logger, serve);
  http1.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    if (webTls !== undefined) return void webTls.emit("connection", socket);
    tellApart(socket, connections.beginMs, (opening) => {
      if (security === undefined || tlsPort === undefined) return serve(socket, opening === "h2");
      if (opening === "tls") return tlsPort.accept(socket);
      if (security.server.mode === "permissive") return serve(socket, opening === "h2");
      const message = "this port takes TLS only: call it with an identity of the registry's CA";
      onRefused({ address: socket.remoteAddress ?? "unknown", reason: "plaintext", message });
      // An HTTP/2 goodbye would say that the port speaks plaintext; TLS servers answer HTTP/1.1 alone.
      if (opening === "h2") socket.destroy();
      else turnAway(socket, opening, message);
    });
  });

  await listen(http1, options.host, options.port);
  const closed = once(http1, "close");
  const address = http1.address();

  const noCalls = async (): Promise<void> => {
    if (!isIdle()) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    // http.Server's own would cut idle connections, and what is on its way on them (L2).
    net.Server.prototype.close.call(http1);
    for (const session of sessions) leave(session);
  };

  return {
    port: typeof address === "object" && address !== null ? address.port : options.port,
    setWebTls: (context) => webTls?.setSecureContext(context),
    stop,
    async idle() {
      await noCalls();
      if (!stopping) return;
      await closeWithin([...http1Sockets], silentMs);
      await noCalls();
    },
    async cut() {
      stop();
      tlsPort?.close();
      peers?.close();
      watch.close();
      // What has been answered may still stand in a buffer: a session without streams has none.
      for (const session of sessions) session.close();
      if (!isIdle()) for (const session of sessions) session.destroy();
      await flushed(sessions);
      // Ends its watch over slow connections, too.
      http1.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function ignore(): void {}

/** Handshakes as the web has them; what speaks neither protocol never comes out of it. */
function createWebTls(
  context: tls.SecureContextOptions,
  logger: Logger,
  serve: (socket: Socket, isHttp2: boolean) => void,
): tls.Server {
  const server = tls.createServer({
    ...context,
    ALPNProtocols: ["h2", "http/1.1"],
    minVersion: "TLSv1.2",
    handshakeTimeout: handshakeMs,
  });
  server.on("secureConnection", (socket) => {
    socket.on("error", () => socket.destroy());
    serve(socket, socket.alpnProtocol === "h2");
  });
  server.on("tlsClientError", (error) => logger.debug({ err: error }, "a handshake failed"));
  return server;
}

async function listen(server: http.Server, host: string, port: number): Promise<void> {
  server.listen({ host, port });
  try {
    await once(server, "listening");
  } catch (error) {
    throw listenError(error, host, port);
  }
}

/** Says goodbye to a peer (L2). */
function leave(session: http2.ServerHttp2Session): void {
  if (session.destroyed || session.closed) return;
  const close = (): void => {
    clearTimeout(timer);
    if (!session.destroyed) session.close();
  };
  const timer = setTimeout(close, goawayRoundTripMs);
  session.once("close", () => clearTimeout(timer));
  session.goaway(http2.constants.NGHTTP2_NO_ERROR, lastStreamIdOfAll);
  session.ping(close);
}

/** Waits, shortly, until the sessions have closed by themselves. */
async function flushed(sessions: ReadonlySet<http2.ServerHttp2Session>): Promise<void> {
  await closeWithin(
    [...sessions].filter((session) => !session.destroyed),
    goawayRoundTripMs,
  );
}

/** Resolves when all have closed, or the time is over. */
async function closeWithin(all: readonly EventEmitter[], timeoutMs: number): Promise<void> {
  const signal = AbortSignal.timeout(timeoutMs);
  await Promise.all(all.map((each) => once(each, "close", { signal }).catch(() => {})));
}
