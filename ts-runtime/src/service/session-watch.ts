// A watch over connections, so that none holds its place for nothing. Invariants:
//   K1. Who opens a connection and does not say what HTTP/2 begins with is cut after `beginMs`.
//   K2. A peer that is silent for `keepAliveMs` is asked by a ping; without an answer within `keepAliveTimeoutMs` it is gone,
//       and all that its calls hold is free.
//   K3. A connection without a call for `maxIdleMs`, or older than `maxAgeMs`, is told to go, as in a drain: no call fails
//       of it. Of an old one, what still runs after `maxAgeGraceMs` is cut.
import type { Http2Session, ServerHttp2Session } from "node:http2";
import type { Connection } from "./call-edge.ts";
import type { Peer } from "./peer.ts";

/** How connections are kept. All times are in milliseconds. */
export interface ConnectionOptions {
  /** At a time; one more is closed at once. Default 10,000. */
  readonly maxConnections: number;
  /** Until a connection has said what it begins with: its first byte, the settings of HTTP/2, the headers of HTTP/1.1. Default 10 s. */
  readonly beginMs: number;
  /** Default 60 s. */
  readonly keepAliveMs: number;
  /** Default 20 s. */
  readonly keepAliveTimeoutMs: number;
  /** Default 30 minutes. */
  readonly maxIdleMs: number;
  /** Give or take a tenth, so that not all come back at once. Default Infinity. */
  readonly maxAgeMs: number;
  /** Default 30 s. */
  readonly maxAgeGraceMs: number;
}

export const defaultConnectionOptions: ConnectionOptions = {
  maxConnections: 10_000,
  beginMs: 10_000,
  keepAliveMs: 60_000,
  keepAliveTimeoutMs: 20_000,
  maxIdleMs: 30 * 60_000,
  maxAgeMs: Infinity,
  maxAgeGraceMs: 30_000,
};

const longestSweepMs = 5_000;

/** A connection that is watched. */
class WatchedSession implements Connection {
  readonly socket: Connection["socket"];
  readonly peer: Peer | undefined;
  readonly session: ServerHttp2Session;
  readonly openedMs: number;
  readonly oldAtMs: number;
  /** Its last call began or ended then. */
  calledMs: number;
  running = 0;
  isGreeted = false;
  leftMs: number | undefined;
  bytesRead = 0;
  heardMs: number;
  pingedMs: number | undefined;
  readonly #onCallClosed: () => void;

  constructor(
    session: ServerHttp2Session,
    { socket, peer, onCallClosed }: Met,
    nowMs: number,
    maxAgeMs: number,
  ) {
    this.session = session;
    this.socket = socket;
    this.peer = peer;
    this.openedMs = nowMs;
    this.oldAtMs = nowMs + maxAgeMs * (0.9 + Math.random() * 0.2);
    this.calledMs = nowMs;
    this.heardMs = nowMs;
    this.#onCallClosed = onCallClosed;
    session.once("remoteSettings", () => (this.isGreeted = true));
  }

  onCallBegun(): void {
    this.running += 1;
  }

  onCallClosed(): void {
    this.running -= 1;
    if (this.running === 0) this.calledMs = performance.now();
    this.#onCallClosed();
  }
}

/** What is known of a connection when it comes. */
interface Met {
  readonly socket: Connection["socket"];
  readonly peer: Peer | undefined;
  readonly onCallClosed: () => void;
}

export interface SessionWatch {
  readonly sessions: ReadonlySet<ServerHttp2Session>;
  add(session: ServerHttp2Session, met: Met): void;
  of(session: Http2Session | undefined): Connection | undefined;
  close(): void;
}

/** @param leave says goodbye to a session's peer, whose calls may end. */
export function watchSessions(
  options: ConnectionOptions,
  leave: (session: ServerHttp2Session) => void,
): SessionWatch {
  const { beginMs, keepAliveMs, keepAliveTimeoutMs, maxIdleMs, maxAgeMs, maxAgeGraceMs } = options;
  const sessions = new Set<ServerHttp2Session>();
  const watched = new WeakMap<Http2Session, WatchedSession>();

  const say = (one: WatchedSession, nowMs: number): void => {
    one.leftMs = nowMs;
    leave(one.session);
  };
  const look = (one: WatchedSession, nowMs: number): void => {
    const { session } = one;
    if (session.destroyed) return;
    if (!one.isGreeted) {
      if (nowMs - one.openedMs >= beginMs) session.destroy();
      return;
    }
    const bytesRead = one.socket.bytesRead ?? 0;
    if (bytesRead !== one.bytesRead) {
      one.bytesRead = bytesRead;
      one.heardMs = nowMs;
      one.pingedMs = undefined;
    } else if (one.pingedMs !== undefined) {
      if (nowMs - one.pingedMs >= keepAliveTimeoutMs) return session.destroy();
    } else if (nowMs - one.heardMs >= keepAliveMs) {
      one.pingedMs = nowMs;
      // The answer is heard as any other byte is.
      session.ping(() => {});
    }
    if (one.leftMs === undefined) {
      const isIdle = one.running === 0 && nowMs - one.calledMs >= maxIdleMs;
      if (isIdle || nowMs >= one.oldAtMs) say(one, nowMs);
    } else if (nowMs - one.leftMs >= maxAgeGraceMs && nowMs >= one.oldAtMs) {
      session.destroy();
    }
  };
  const sweepMs = Math.min(
    longestSweepMs,
    Math.max(10, Math.min(beginMs, keepAliveMs, keepAliveTimeoutMs, maxIdleMs, maxAgeMs, maxAgeGraceMs) / 4),
  );
  const timer = setInterval(() => {
    const nowMs = performance.now();
    for (const session of sessions) {
      const one = watched.get(session);
      if (one !== undefined) look(one, nowMs);
    }
  }, sweepMs).unref();

  return {
    sessions,
    add(session, met) {
      sessions.add(session);
      watched.set(session, new WatchedSession(session, met, performance.now(), maxAgeMs));
      session.once("close", () => sessions.delete(session));
    },
    of: (session) => (session === undefined ? undefined : watched.get(session)),
    close: () => clearInterval(timer),
  };
}
