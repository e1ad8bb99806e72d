// A connection to one port, in HTTP/2 as gRPC needs it: in plaintext by prior knowledge, or in TLS with ALPN.
import { once } from "node:events";
import { connect, type ClientHttp2Session } from "node:http2";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { startCall, type Call, type CallEnd, type CallRequest } from "./call.ts";

export interface Place {
  readonly host: string;
  readonly port: number;
}

/** What a client shows where the port is TLS; the server's certificate is looked at by a check. */
export interface ClientIdentity {
  readonly certificate: string;
  readonly key: string;
}

export type Transport = { readonly type: "plaintext" } | { readonly type: "tls" };

export interface Connection extends Disposable {
  call(request: CallRequest): Call;
  /** A call that is waited for. */
  unary(request: CallRequest): Promise<{ readonly end: CallEnd; readonly messages: readonly Uint8Array[] }>;
  /** Milliseconds until a PING is answered. @throws where it is not. */
  ping(signal: AbortSignal): Promise<number>;
  /** Why the server wants no more calls here, if it said so. */
  readonly goaway: number | undefined;
  readonly closed: boolean;
}

export function hostText(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** @throws Error that says why there is no HTTP/2 connection. */
export async function openConnection(
  { host, port }: Place,
  transport: Transport,
  { signal, identity }: { readonly signal: AbortSignal; readonly identity?: ClientIdentity | undefined },
): Promise<Connection> {
  const url = `${transport.type === "tls" ? "https" : "http"}://${hostText(host)}:${port}`;
  const session =
    transport.type === "tls"
      ? connect(url, {
          rejectUnauthorized: false,
          ALPNProtocols: ["h2"],
          ...(identity === undefined ? {} : { cert: identity.certificate, key: identity.key }),
        })
      : connect(url);
  let goaway: number | undefined;
  session.on("goaway", (code) => {
    goaway = code;
  });
  try {
    // A connection alone says nothing of HTTP/2: its first frame does. One that is closed before is no error to Node.
    const closed = once(session, "close", { signal }).then(() => {
      throw new Error("the connection was closed");
    });
    // Both may fail; the other one's failure says nothing more.
    const settings = once(session, "remoteSettings", { signal });
    for (const end of [closed, settings]) end.catch(() => {});
    await Promise.race([settings, closed]);
  } catch (error) {
    session.destroy();
    throw error;
  }
  // Each call tells its own end.
  session.on("error", () => {});
  return {
    call: (request) => startCall(session, request),
    async unary(request) {
      const call = startCall(session, request);
      const end = await call.end;
      if (end.type === "open") call.cancel();
      return { end, messages: call.messages };
    },
    ping: (signal) => ping(session, signal),
    get goaway() {
      return goaway;
    },
    get closed() {
      return session.closed || session.destroyed;
    },
    [Symbol.dispose]: () => session.destroy(),
  };
}

function ping(session: ClientHttp2Session, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new Error("no answer to a PING"));
    signal.addEventListener("abort", onAbort, { once: true });
    session.ping((error, durationMs) => {
      signal.removeEventListener("abort", onAbort);
      if (error === null) resolve(durationMs);
      else reject(error);
    });
  });
}

/** What a port speaks; undefined where it is neither. `reasons` say what each attempt met. */
export interface FoundTransport {
  readonly transport: Transport | undefined;
  readonly reasons: readonly string[];
}

/** What a port speaks: of both, what is tried first. */
export async function findTransport(
  place: Place,
  { first, waitMs }: { readonly first: Transport["type"]; readonly waitMs: number },
): Promise<FoundTransport> {
  const reasons: string[] = [];
  for (const type of first === "tls" ? (["tls", "plaintext"] as const) : (["plaintext", "tls"] as const)) {
    try {
      const signal = AbortSignal.timeout(waitMs);
      if (type === "tls") await handshake(place, signal);
      else (await openConnection(place, { type }, { signal }))[Symbol.dispose]();
      return { transport: { type }, reasons };
    } catch (error) {
      reasons.push(`in ${type === "tls" ? "TLS" : type}: ${reasonOf(error)}`);
    }
  }
  return { transport: undefined, reasons };
}

/** A server that wants a certificate of ours says so only after the handshake, which is enough here. */
async function handshake({ host, port }: Place, signal: AbortSignal): Promise<void> {
  const socket: TLSSocket = connectTls({ host, port, ALPNProtocols: ["h2"], rejectUnauthorized: false });
  try {
    await once(socket, "secureConnect", { signal });
    if (socket.alpnProtocol !== "h2") throw new Error("the server does not choose h2 by ALPN");
  } finally {
    socket.destroy();
  }
}

export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "AbortError" || error.name === "TimeoutError") return "no answer in time";
  return error.cause instanceof Error ? error.cause.message : error.message;
}
