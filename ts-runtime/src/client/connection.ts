// One HTTP/2 connection to an instance, and the calls in flight on it.
import type { OutgoingHttpHeaders } from "node:http2";
import { ConnectError, type Transport } from "@connectrpc/connect";
import { clientTls } from "@samspel/registry";
import { Health } from "../gen/grpc/health/v1/health_pb.ts";
import { createGrpcClientTransport, Deadlines, NodeClientConnection, type RawStream } from "../grpc/index.ts";
import { isFromPeer } from "./failure.ts";
import type { Security } from "./security.ts";

const openTimeoutMs = 5_000;
const maxReceiveBytes = 4 * 1024 * 1024;

/** Of all connections: they share what timers they need. */
const deadlines = new Deadlines();

export interface Connection {
  readonly transport: Transport;
  readonly inFlight: number;
  /** Whether it stands, or is about to. */
  readonly isUp: boolean;
  /** Opens a stream for a gRPC request whose bytes are made elsewhere; rejects when there is no connection. */
  request(path: string, headers: OutgoingHttpHeaders): Promise<RawStream>;
  /** A call begins; each is ended once. */
  begin(): void;
  end(): void;
  /**
   * Makes it stand before the first call; whether it does. A handshake proves nothing, as a server may turn its peer
   * away after it: only an answer does. Within 5,000 ms by default.
   */
  open(withinMs?: number): Promise<boolean>;
  /** No new calls will come: it closes after the last one. */
  retire(): void;
  /** Closes now; calls in flight fail. */
  close(): void;
}

export function createConnection(baseUrl: string, security: Security): Connection {
  const carrier = new NodeClientConnection(
    baseUrl,
    security.type === "identity" ? clientTls(security.identity, security.service) : undefined,
  );
  let inFlight = 0;
  let retired = false;
  const closeIfDone = (): void => {
    if (retired && inFlight === 0) carrier.retire();
  };
  const transport = createGrpcClientTransport({ carrier, deadlines, maxBytes: maxReceiveBytes });
  return {
    transport,
    get inFlight() {
      return inFlight;
    },
    request: (path, headers) => carrier.request({ ...headers, ":method": "POST", ":path": path }),
    get isUp() {
      return carrier.isUp;
    },
    begin() {
      inFlight += 1;
    },
    end() {
      inFlight -= 1;
      closeIfDone();
    },
    async open(withinMs = openTimeoutMs) {
      try {
        await transport.unary(Health.method.check, undefined, withinMs, undefined, {}, undefined);
        return true;
      } catch (error) {
        return isFromPeer(ConnectError.from(error));
      }
    },
    retire() {
      retired = true;
      closeIfDone();
    },
    close: () => carrier.close(),
  };
}
