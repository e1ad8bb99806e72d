// One HTTP/2 connection to an instance, and the calls in flight on it.
import type { ClientHttp2Stream, OutgoingHttpHeaders } from "node:http2";
import { ConnectError, type Transport } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { clientTls } from "@samspel/registry";
import { Health } from "../gen/grpc/health/v1/health_pb.ts";
import { isFromPeer } from "./failure.ts";
import { guarded } from "./guarded-sessions.ts";
import type { Security } from "./security.ts";

// gRPC servers allow a ping every five minutes unless told otherwise; this stays above that.
const pingIntervalMs = 310_000;
const openTimeoutMs = 5_000;
const maxReceiveBytes = 4 * 1024 * 1024;

export interface Connection {
  readonly transport: Transport;
  readonly inFlight: number;
  /** Whether it stands, or is about to. */
  readonly isUp: boolean;
  /** Opens a stream for a gRPC request whose bytes are made elsewhere; rejects when there is no connection. */
  request(path: string, headers: OutgoingHttpHeaders): Promise<ClientHttp2Stream>;
  /** Counts a call; the returned function, called once or more, ends it. */
  begin(): () => void;
  /**
   * Makes it stand before the first call; whether it does. A handshake proves nothing, as a server may turn its peer
   * away after it: only an answer does.
   */
  open(): Promise<boolean>;
  /** No new calls will come: it closes after the last one. */
  retire(): void;
  /** Closes now; calls in flight fail. */
  close(): void;
}

export function createConnection(baseUrl: string, security: Security): Connection {
  const sessionManager = new Http2SessionManager(
    baseUrl,
    { pingIntervalMs },
    security.type === "identity" ? clientTls(security.identity, security.service) : undefined,
  );
  let inFlight = 0;
  let retired = false;
  const closeIfDone = (): void => {
    if (retired && inFlight === 0) sessionManager.abort();
  };
  const sessions = guarded(sessionManager);
  const transport = createGrpcTransport({
    baseUrl,
    sessionManager: sessions,
    readMaxBytes: maxReceiveBytes,
  });
  return {
    transport,
    get inFlight() {
      return inFlight;
    },
    async request(path, headers) {
      const stream = await sessions.request("POST", path, headers, {});
      // The keep-alive must hear that the peer lives.
      stream.once("response", () => sessions.notifyResponseByteRead(stream));
      return stream;
    },
    get isUp() {
      const state = sessionManager.state();
      return state !== "closed" && state !== "error";
    },
    begin() {
      let running = true;
      inFlight += 1;
      return () => {
        if (!running) return;
        running = false;
        inFlight -= 1;
        closeIfDone();
      };
    },
    async open() {
      try {
        await transport.unary(Health.method.check, undefined, openTimeoutMs, undefined, {}, undefined);
        return true;
      } catch (error) {
        return isFromPeer(ConnectError.from(error));
      }
    },
    retire() {
      retired = true;
      closeIfDone();
    },
    close: () => sessionManager.abort(),
  };
}
