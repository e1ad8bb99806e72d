// The peers of a port, by their connections: who sent a request, and who has to go (G3).
import type { Http2Session, ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { Guard, ServerIdentity } from "./guard.ts";
import type { Peer } from "./peer.ts";
import type { NodeRequest } from "./request-handler.ts";

const longestTimerMs = 2 ** 31 - 1;

export interface Peers {
  /** Notes whose connection it is while `serve` makes a session of it, or hands it to HTTP/1.1. */
  greet(socket: Socket, peer: Peer, serve: () => void): void;
  /** Notes whose session it is, within `serve`; undefined for an anonymous peer's. */
  meet(session: ServerHttp2Session): Peer | undefined;
  /** Who sent a request; undefined for an anonymous one. */
  of(request: NodeRequest): Peer | undefined;
  close(): void;
}

/** @param leave says goodbye to a session's peer, whose calls may end. */
export function createPeers(
  { server, guard }: { readonly server: ServerIdentity; readonly guard: Guard },
  leave: (session: ServerHttp2Session) => void,
): Peers {
  const bySocket = new WeakMap<object, Peer>();
  const bySession = new Map<Http2Session | undefined, Peer>();
  const present = new Set<Peer>();
  let greeted: Peer | undefined;

  const reconsider = (): void => {
    for (const peer of present) void guard.reconsider(peer);
  };
  const stops = [server.identity.onChange(reconsider), server.authorizer.onChange(reconsider)];

  return {
    greet(socket, peer, serve) {
      bySocket.set(socket, peer);
      present.add(peer);
      socket.once("close", () => present.delete(peer));
      greeted = peer;
      serve();
      greeted = undefined;
    },
    meet(session) {
      const peer = greeted;
      if (peer === undefined) return undefined;
      bySession.set(session, peer);
      // It comes back with its next certificate before this one is over: no call fails of that. One that has none yet stays
      // for half of what is left: sent away at once, it would come back with the same one, again and again.
      const now = Date.now();
      const stayMs = Math.max(0, peer.renewAt - now, (peer.expiresAt - now) / 2);
      const renewal = setTimeout(leave, Math.min(longestTimerMs, stayMs), session);
      renewal.unref();
      // Without the round trip that a drain waits for: calls on their way are refused on the next connection, too. Node's
      // client loses up to a second with a call that it begins between the two steps.
      peer.revoked.addEventListener("abort", () => session.close(), { once: true });
      session.once("close", () => {
        clearTimeout(renewal);
        bySession.delete(session);
      });
      return peer;
    },
    of: (request) =>
      "stream" in request ? bySession.get(request.stream.session) : bySocket.get(request.socket),
    close() {
      for (const stop of stops) stop();
    },
  };
}
