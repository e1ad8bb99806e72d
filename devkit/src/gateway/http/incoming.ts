// A request from outside, as all parts of the gateway know it.
import { randomBytes, randomUUID } from "node:crypto";
import { createContextKey, type ContextKey } from "@connectrpc/connect";
import type { NodeRequest, NodeResponse, RunningSpan } from "@samspel/runtime/proxy";
import { tracePassedOn } from "@samspel/runtime/proxy";

/** Who calls, by a token that was verified. */
export interface Principal {
  /** The token's `sub`. */
  readonly subject: string;
  /** The claims that services get. */
  readonly claims: Readonly<Record<string, unknown>>;
}

export type Protocol = "grpc" | "grpc-web" | "connect" | "rest" | "websocket" | "http";

/** What came of it, noted on the way, for the log and the metrics. */
interface Outcome {
  protocol: Protocol;
  /** `cart.v1.CartService/GetCart`; undefined where it reached no method. */
  method: string | undefined;
  /** A gRPC code in snake case, `ok` among them; undefined where there was no call. */
  code: string | undefined;
}

export interface Incoming {
  /** `x-request-id`, the caller's own where it is fit for a log. */
  readonly id: string;
  /** Of the caller, or of the proxy that cannot be believed. */
  readonly address: string;
  readonly startedAt: number;
  readonly headers: NodeRequest["headers"];
  /** Of a REST call: from the caller's host to ours. */
  readonly host: string;
  readonly isTls: boolean;
  /** What services get to know of the trace that the call belongs to. */
  trace: Readonly<Record<string, string>>;
  /** Of a request that reached a method, where anybody wants spans. */
  span: RunningSpan | undefined;
  readonly outcome: Outcome;
  /** Known after it was admitted. */
  principal: Principal | undefined;
}

/** The request that a Connect handler answers. */
export const incomingKey: ContextKey<Incoming | undefined> = createContextKey<Incoming | undefined>(
  undefined,
  {
    description: "samspel.gateway.incoming",
  },
);

const fitId = /^[\w.:/+=-]{1,128}$/;

/** @param trustedProxies how many of the last addresses in `x-forwarded-for` were written by proxies of ours. */
export function receive(request: NodeRequest, trustedProxies: number): Incoming {
  const { headers, socket } = request;
  const id = headers["x-request-id"];
  return {
    id: typeof id === "string" && fitId.test(id) ? id : randomUUID(),
    address: addressOf(headers["x-forwarded-for"], socket.remoteAddress ?? "unknown", trustedProxies),
    startedAt: performance.now(),
    headers,
    host: headers[":authority"]?.toString() ?? headers.host ?? "",
    isTls: "encrypted" in socket,
    trace: traceOf(headers),
    span: undefined,
    outcome: { protocol: "http", method: undefined, code: undefined },
    principal: undefined,
  };
}

/** A response of any HTTP version, for what the two have in common. */
export function noteId(response: NodeResponse, { id }: Incoming): void {
  response.setHeader("x-request-id", id);
}

function addressOf(forwarded: string | string[] | undefined, peer: string, trustedProxies: number): string {
  if (trustedProxies === 0 || forwarded === undefined) return peer;
  const chain = [...String(forwarded).split(","), peer].map((address) => address.trim());
  return chain[Math.max(0, chain.length - 1 - trustedProxies)] ?? peer;
}

/** The caller's trace, else one that begins here, so that all that comes of a request is one trace. */
function traceOf(headers: NodeRequest["headers"]): Readonly<Record<string, string>> {
  const given = new Headers();
  for (const name of ["traceparent", "tracestate", "baggage"]) {
    const value = headers[name];
    if (typeof value === "string") given.set(name, value);
  }
  const passedOn = tracePassedOn(given);
  if (passedOn["traceparent"] !== undefined) return passedOn;
  const traceparent = `00-${randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-01`;
  return { ...passedOn, traceparent };
}
