// One instance as callers see it: a connection to it, and the number of calls in flight.
//
//   H1. When the caller's certificate or the roots change, a new connection takes the place of the old one, which
//       closes after its last call: no call notices. The old one stays until the new one stands, as the other side may
//       hear of new roots a little later.
import type { OutgoingHttpHeaders } from "node:http2";
import type { Transport } from "@connectrpc/connect";
import { backoff } from "../resilience/index.ts";
import type { RawStream } from "../grpc/index.ts";
import { createConnection } from "./connection.ts";
import type { Target } from "./instance-source.ts";
import type { Security } from "./security.ts";

export interface Channel {
  /** `host:port`, for messages. */
  readonly name: string;
  /** For the call that has just begun: it may be another one for the next. */
  readonly transport: Transport;
  readonly inFlight: number;
  /** A stream for a request whose bytes are made elsewhere, on the connection that `transport` is of. */
  request(path: string, headers: OutgoingHttpHeaders): Promise<RawStream>;
  /** Counts a call; the returned function, called once or more, ends it. */
  begin(): () => void;
  /** No new calls will come: the connection closes after the last one. */
  retire(): void;
  /** Closes now; calls in flight fail. */
  close(): void;
}

const renewBackoff = { initialMs: 50, maxMs: 2_000 };

export function baseUrlOf({ address, port }: Target, security: Security): string {
  const host = address.includes(":") ? `[${address}]` : address;
  return `${security.type === "plaintext" ? "http" : "https"}://${host}:${port}`;
}

export function createChannel(baseUrl: string, security: Security): Channel {
  const ended = new AbortController();
  const leaving = new Set<ReturnType<typeof createConnection>>();
  let connection = createConnection(baseUrl, security);
  let renewal = new AbortController();

  const renew = async (signal: AbortSignal): Promise<void> => {
    for (let attempt = 1; !signal.aborted; attempt++) {
      const next = createConnection(baseUrl, security);
      // What does not stand yet, or no longer, begins with the new certificate by itself.
      if (!connection.isUp || (await next.open())) {
        if (signal.aborted) return next.close();
        const former = connection;
        connection = next;
        for (const left of leaving) if (left.inFlight === 0) leaving.delete(left);
        leaving.add(former);
        former.retire();
        return;
      }
      next.close();
      await backoff(attempt, signal, renewBackoff);
    }
  };
  const renewAnew = (): void => {
    renewal.abort();
    renewal = new AbortController();
    void renew(AbortSignal.any([renewal.signal, ended.signal]));
  };
  const unfollow = security.type === "identity" ? security.identity.onChange(renewAnew) : undefined;
  const end = (): void => {
    ended.abort();
    unfollow?.();
  };

  return {
    name: new URL(baseUrl).host,
    get transport() {
      return connection.transport;
    },
    get inFlight() {
      return connection.inFlight;
    },
    request: (path, headers) => connection.request(path, headers),
    begin: () => connection.begin(),
    retire() {
      end();
      connection.retire();
    },
    close() {
      end();
      connection.close();
      for (const former of leaving) former.close();
    },
  };
}
