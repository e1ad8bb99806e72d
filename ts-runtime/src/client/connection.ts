// One HTTP/2 connection to an instance, and the calls in flight on it.
import type { Http2Session } from "node:http2";
import { ConnectError, type Transport } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { clientTls } from "@samspel/registry";
import { Health } from "../gen/grpc/health/v1/health_pb.ts";
import { isFromPeer } from "./failure.ts";
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
  const transport = createGrpcTransport({
    baseUrl,
    sessionManager: withErrorsHeard(sessionManager),
    readMaxBytes: maxReceiveBytes,
  });
  return {
    transport,
    get inFlight() {
      return inFlight;
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

/**
 * connect-node 2.2 destroys a session at a GOAWAY, and may stop to listen for the error of that before it comes: when
 * the session is left just then, or a call begins. Nobody would hear it, and that ends the process.
 */
function withErrorsHeard(
  manager: Http2SessionManager,
): Pick<Http2SessionManager, "authority" | "request" | "notifyResponseByteRead"> {
  const heard = new WeakSet<Http2Session>();
  return {
    authority: manager.authority,
    async request(...call) {
      const stream = await manager.request(...call);
      const { session } = stream;
      if (session !== undefined && !heard.has(session)) {
        heard.add(session);
        session.on("error", () => {});
      }
      return stream;
    },
    notifyResponseByteRead: (stream) => manager.notifyResponseByteRead(stream),
  };
}
