// One instance as callers see it, and the connection to it that all proto services of the process share.
//
//   H1. When the caller's certificate or the roots change, a new connection takes the place of the old one, which
//       closes after its last call: no call notices. The old one stays until the new one stands, as the other side may
//       hear of new roots a little later.
//   H2. A connection that may be dead, though nobody has said so, is given up for another one that stands, in the same way.
import type { OutgoingHttpHeaders } from "node:http2";
import type { DescMethod } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import { InstanceLoad, type CallOutcome } from "../balance/index.ts";
import type { RawStream } from "../grpc/index.ts";
import { backoff } from "../resilience/index.ts";
import { createConnection, type Connection } from "./connection.ts";
import type { Target } from "./instance-source.ts";
import type { Security } from "./security.ts";

/** An instance that was picked for a call. It is the same one for all calls of a proto service, as long as it stays. */
export interface Channel {
  /** `host:port`, for messages. */
  readonly name: string;
  /** For the call that has just begun: it may be another one for the next. */
  readonly transport: Transport;
  /** A stream for a request whose bytes are made elsewhere, on the connection that `transport` is of. */
  request(path: string, headers: OutgoingHttpHeaders): Promise<RawStream>;
  /** Counts a call, until its track is ended. */
  begin(method: DescMethod): CallTrack;
}

/** A call on its way. */
export interface CallTrack {
  /** Says what became of it: the first time, else it does nothing. */
  end(outcome: CallOutcome): void;
}

/** What a look at an instance came to: it answers; it answers on another connection only; it does not. */
type Presence = "there" | "renewed" | "silent";

export interface SharedChannel {
  readonly name: string;
  /** What the process's calls are to the instance. */
  readonly load: InstanceLoad;
  /** The connection for a call that begins now. */
  readonly connection: Connection;
  /** Asks whether the instance is there (H2). */
  look(): Promise<Presence>;
  /** No new calls will come: the connection closes after the last one. */
  retire(): void;
  /** Closes now; calls in flight fail. */
  close(): void;
}

const renewBackoff = { initialMs: 50, maxMs: 2_000 };
const lookWithinMs = 2_000;

export function baseUrlOf({ address, port }: Target, security: Security): string {
  const host = address.includes(":") ? `[${address}]` : address;
  return `${security.type === "plaintext" ? "http" : "https"}://${host}:${port}`;
}

export function createChannel(baseUrl: string, security: Security): SharedChannel {
  const ended = new AbortController();
  const leaving = new Set<Connection>();
  let connection = createConnection(baseUrl, security);
  let renewal = new AbortController();

  const replaceBy = (next: Connection): void => {
    const former = connection;
    connection = next;
    for (const left of leaving) if (left.inFlight === 0) leaving.delete(left);
    leaving.add(former);
    former.retire();
  };
  const renew = async (signal: AbortSignal): Promise<void> => {
    for (let attempt = 1; !signal.aborted; attempt++) {
      const next = createConnection(baseUrl, security);
      // What does not stand yet, or no longer, begins with the new certificate by itself.
      if (!connection.isUp || (await next.open())) {
        if (signal.aborted) return next.close();
        return replaceBy(next);
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
    load: new InstanceLoad(),
    get connection() {
      return connection;
    },
    async look() {
      if (connection.isUp && (await connection.open(lookWithinMs))) return "there";
      if (ended.signal.aborted) return "silent";
      const next = createConnection(baseUrl, security);
      const close = (): void => next.close();
      ended.signal.addEventListener("abort", close, { once: true });
      const stands = await next.open(lookWithinMs);
      ended.signal.removeEventListener("abort", close);
      if (stands && !ended.signal.aborted) {
        replaceBy(next);
        return "renewed";
      }
      next.close();
      return "silent";
    },
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
