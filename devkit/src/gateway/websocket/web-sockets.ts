// Streams from browsers, in both directions: one WebSocket is one call of `/cart.v1.CartService/Watch`. Invariants:
//   V1. A page of an origin that CORS does not allow opens none: browsers ask nobody before they open one.
//   V2. Neither side is read faster than the other takes: the socket is paused while a request waits, and an answer waits
//       until the one before is written.
//   V3. The last frame says how the call ended; the socket is closed after it.
import { STATUS_CODES, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type WebSocket } from "ws";
import type { ProxyCalls } from "@samspel/runtime/proxy";
import type { Admission } from "../admission/index.ts";
import type { Cors } from "../http/cors.ts";
import type { Deadlines } from "../http/deadline.ts";
import { receive } from "../http/incoming.ts";
import type { RequestObserver } from "../observe/index.ts";
import type { RouteTable } from "../route-table.ts";
import { subprotocols, type Subprotocol } from "./framing.ts";
import { runCall } from "./run-call.ts";

export interface WebSocketsOptions extends Deadlines {
  readonly table: () => RouteTable;
  readonly calls: Pick<ProxyCalls, "transport">;
  readonly admission: Admission;
  readonly cors: Cors;
  readonly observer: RequestObserver;
  readonly maxMessageBytes: number;
  readonly trustedProxies: number;
  readonly shutdown: AbortSignal;
}

export interface WebSockets {
  /** Answers a request of HTTP/1.1 that asks for another protocol. */
  upgrade(this: void, request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Takes no new ones. */
  drain(): void;
  /** Resolves when none is open. */
  idle(this: void): Promise<void>;
}

/** Browsers cannot set headers on a WebSocket: a token comes among the subprotocols. */
const tokenPrefix = "bearer.";

export function createWebSockets(options: WebSocketsOptions): WebSockets {
  const { table, cors, maxMessageBytes, observer } = options;
  const server = new WebSocketServer({
    noServer: true,
    // A JSON text may be larger than the message in it.
    maxPayload: maxMessageBytes * 2,
    perMessageDeflate: false,
    handleProtocols: (offered) => chosen(offered) ?? false,
  });
  const open = new Set<WebSocket>();
  const waiting: (() => void)[] = [];
  let draining = false;

  return {
    upgrade(request, socket, head) {
      socket.on("error", () => socket.destroy());
      const path = (request.url ?? "").split("?", 1)[0] ?? "";
      const route = table().rpc.get(path);
      const offered = new Set(request.headers["sec-websocket-protocol"]?.split(/\s*,\s*/));
      const subprotocol = chosen(offered);
      if (draining) return refuse(socket, 503);
      if (request.headers.upgrade?.toLowerCase() !== "websocket" || route === undefined)
        return refuse(socket, 404);
      if (!isAllowedOrigin(request, cors)) return refuse(socket, 403);
      if (subprotocol === undefined) return refuse(socket, 400);
      const token = [...offered].find((name) => name.startsWith(tokenPrefix));
      if (token !== undefined) request.headers.authorization ??= `Bearer ${token.slice(tokenPrefix.length)}`;
      const incoming = receive(request, options.trustedProxies);
      incoming.outcome.protocol = "websocket";
      incoming.outcome.method = `${route.method.parent.typeName}/${route.method.name}`;
      const end = observer.follow(incoming, path);
      socket.once("close", () => {
        incoming.outcome.code ??= "canceled";
        end(101);
      });
      observer.call(incoming, { request, route: path }, () =>
        server.handleUpgrade(request, socket, head, (webSocket) => {
          open.add(webSocket);
          webSocket.once("close", () => {
            open.delete(webSocket);
            if (open.size === 0) for (const resolve of waiting.splice(0)) resolve();
          });
          void runCall(webSocket, { ...options, route, incoming, subprotocol });
        }),
      );
    },
    drain: () => void (draining = true),
    idle: () => (open.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}

function chosen(offered: ReadonlySet<string>): Subprotocol | undefined {
  return subprotocols.find((name) => offered.has(name));
}

/** A program that is no browser sends no origin; a page of our own host is none of another. */
function isAllowedOrigin({ headers: { origin, host } }: IncomingMessage, cors: Cors): boolean {
  return origin === undefined || cors.allows(origin) || URL.parse(origin)?.host === host;
}

function refuse(socket: Duplex, status: number): void {
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`,
  );
}
