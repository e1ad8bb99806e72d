// One instance as callers see it: one HTTP/2 connection, and the number of calls in flight on it.
import type { Transport } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import type { Target } from "./instance-source.ts";

// gRPC servers allow a ping every five minutes unless told otherwise; this stays above that.
const pingIntervalMs = 310_000;
const maxReceiveBytes = 4 * 1024 * 1024;

export interface Channel {
  /** `host:port`, for messages. */
  readonly name: string;
  readonly transport: Transport;
  readonly inFlight: number;
  /** Counts a call; the returned function, called once or more, ends it. */
  begin(): () => void;
  /** No new calls will come: the connection closes after the last one. */
  retire(): void;
  /** Closes now; calls in flight fail. */
  close(): void;
}

export function baseUrlOf({ address, port, meta }: Target): string {
  const host = address.includes(":") ? `[${address}]` : address;
  return `${meta["secure"] === "true" ? "https" : "http"}://${host}:${port}`;
}

export function createChannel(baseUrl: string): Channel {
  const sessionManager = new Http2SessionManager(baseUrl, { pingIntervalMs });
  let inFlight = 0;
  let retired = false;
  const closeIfDone = (): void => {
    if (retired && inFlight === 0) sessionManager.abort();
  };
  return {
    name: new URL(baseUrl).host,
    transport: createGrpcTransport({ baseUrl, sessionManager, readMaxBytes: maxReceiveBytes }),
    get inFlight() {
      return inFlight;
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
    retire() {
      retired = true;
      closeIfDone();
    },
    close: () => sessionManager.abort(),
  };
}
