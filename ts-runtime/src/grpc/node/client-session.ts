// One session of Node's HTTP/2 with a server. Invariants:
//   N1. It stands when the server's settings have come, and no GOAWAY with them: only then its limit of streams is known, and
//       that it has let us in.
//   N2. It ends once, and says so, however that shows: as an error, a close, a GOAWAY, or nothing at all.
//   N3. A server that has gone without a word is noticed by a ping, after a time of silence with calls that wait. Without
//       calls, the session is closed then: nobody knows what became of it meanwhile.
import http2, {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type OutgoingHttpHeaders,
  type SecureClientSessionOptions,
} from "node:http2";
import type { Authority, ClientStreamUser } from "../carrier.ts";
import type { RawFields } from "../fields.ts";
import { StreamFailure } from "../stream-failure.ts";
import { beginRequest } from "./begin-request.ts";
import { NodeClientStream } from "./client-stream.ts";
import { rawStream, type RawStream } from "./raw-stream.ts";
import { letStreamsGo } from "./session-tables.ts";
import type { StreamHome } from "./stream-end.ts";

const ticksOfSilence = 4;
const streamWindowBytes = 256 * 1024;
const sessionWindowBytes = 1024 * 1024;
const maxHeaderBytes = 64 * 1024;
const requestOptions = { endStream: false };

/** How long a session has patience. */
export interface SessionPatience {
  /** With a server that does not take the connection, or says nothing. Default 20,000 ms. */
  readonly connectMs: number;
  /**
   * With one that is silent while calls wait, before it is asked by a ping, a quarter more at most. Default 310,000 ms: gRPC
   * servers allow a ping every five minutes.
   */
  readonly silenceMs: number;
  /** With the answer to that. Default 15,000 ms. */
  readonly pingMs: number;
}

export const defaultPatience: SessionPatience = { connectMs: 20_000, silenceMs: 310_000, pingMs: 15_000 };

export interface SessionEvents {
  /** It stands, or there is room for another stream. */
  onRoom(): void;
  /** It takes no streams any more; those that it has may go on. With why, where it has never stood. */
  onGone(failure: StreamFailure | undefined): void;
  /** All of it is over. */
  onClosed(): void;
}

export class NodeClientSession implements StreamHome {
  lastLookedAt: number = Infinity;
  error: Error | undefined;
  readonly #session: ClientHttp2Session;
  readonly #events: SessionEvents;
  readonly #authority: Authority;
  readonly #patience: SessionPatience;
  #streams = 0;
  #limit = 0;
  #stands = false;
  #isGone = false;
  #heard = true;
  #silent = 0;
  #tick: NodeJS.Timeout | undefined;

  constructor(
    url: URL,
    tls: SecureClientSessionOptions | undefined,
    patience: SessionPatience,
    events: SessionEvents,
  ) {
    this.#events = events;
    this.#patience = patience;
    this.#authority = { scheme: url.protocol === "https:" ? "https" : "http", authority: url.host };
    const session = http2.connect(url, {
      ...tlsOf(tls),
      settings: {
        enablePush: false,
        initialWindowSize: streamWindowBytes,
        maxHeaderListSize: maxHeaderBytes,
      },
      maxSessionMemory: 64,
    });
    letStreamsGo(session);
    this.#session = session;
    const late = setTimeout(() => {
      session.destroy(Object.assign(new Error("the server does not answer"), { code: "ETIMEDOUT" }));
    }, patience.connectMs).unref();
    session.on("remoteSettings", ({ maxConcurrentStreams }) => {
      this.#limit = maxConcurrentStreams ?? Infinity;
      if (this.#stands) return this.#events.onRoom();
      clearTimeout(late);
      // A GOAWAY right behind the settings would refuse what was asked for in between, though it was never sent.
      setImmediate(() => this.#stand());
    });
    session.on("goaway", (code, lastStreamId) => {
      this.lastLookedAt = Math.min(this.lastLookedAt, lastStreamId);
      if (code !== http2.constants.NGHTTP2_NO_ERROR)
        this.error ??= new Error(`the server said GOAWAY with error code ${code}`);
      this.#leave();
    });
    session.on("error", (error) => {
      this.error ??= error;
      this.#leave();
    });
    session.on("close", () => {
      clearTimeout(late);
      clearInterval(this.#tick);
      this.#leave();
      this.#events.onClosed();
    });
  }

  get isDestroyed(): boolean {
    return this.#session.destroyed;
  }

  get hasRoom(): boolean {
    return this.#stands && !this.isGone && this.#streams < this.#limit;
  }

  /** It takes no streams any more, also where Node has yet to say so (N2). */
  get isGone(): boolean {
    return this.#isGone || this.#session.destroyed || this.#session.closed;
  }

  /** Opens a stream; only where there is room. */
  open(user: ClientStreamUser): void {
    let stream: ClientHttp2Stream;
    try {
      stream = this.#request(user.head(this.#authority));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return user.onClosed(new StreamFailure("refused", `the request could not be sent: ${why}`, error));
    }
    user.onOpen(new NodeClientStream(stream, user, this));
  }

  /** The same for who makes the bytes himself. */
  openRaw(headers: OutgoingHttpHeaders): RawStream {
    return rawStream(this.#request(headers), this);
  }

  /** Lets the calls end that it has. */
  retire(): void {
    this.#leave();
    if (!this.#session.destroyed) this.#session.close();
  }

  destroy(): void {
    this.error ??= new Error("the connection was closed");
    this.#leave();
    this.#session.destroy(undefined, http2.constants.NGHTTP2_CANCEL);
  }

  heard(): void {
    this.#heard = true;
  }

  left(): void {
    if (--this.#streams === 0) this.#session.unref();
    if (!this.#isGone) this.#events.onRoom();
  }

  #request(headers: OutgoingHttpHeaders | RawFields): ClientHttp2Stream {
    const stream = beginRequest(this.#session, headers, requestOptions);
    this.#heard = true;
    if (this.#streams++ === 0) this.#session.ref();
    return stream;
  }

  #stand(): void {
    if (this.#stands || this.isGone) return;
    this.#stands = true;
    this.#session.setLocalWindowSize(sessionWindowBytes);
    this.#tick = setInterval(() => this.#onTick(), this.#patience.silenceMs / ticksOfSilence).unref();
    // An idle connection keeps no process alive.
    if (this.#streams === 0) this.#session.unref();
    this.#events.onRoom();
  }

  /** N2 */
  #leave(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#events.onGone(this.#stands ? undefined : this.#unreachable());
  }

  #unreachable(): StreamFailure {
    return new StreamFailure(
      "unreachable",
      this.error?.message ?? "the server closed the connection",
      this.error,
    );
  }

  /** N3 */
  #onTick(): void {
    this.#silent = this.#heard ? 0 : this.#silent + 1;
    this.#heard = false;
    if (this.#silent < ticksOfSilence || this.#session.destroyed) return;
    if (this.#streams === 0) return this.retire();
    const late = setTimeout(() => {
      this.#session.destroy(
        Object.assign(new Error("the server does not answer a ping"), { code: "ETIMEDOUT" }),
      );
    }, this.#patience.pingMs).unref();
    this.#session.ping((error) => {
      clearTimeout(late);
      if (error === null) this.#heard = true;
    });
  }
}

/** They are read when the connection begins: certificates change. */
function tlsOf(tls: SecureClientSessionOptions | undefined): SecureClientSessionOptions {
  return tls === undefined ? {} : { ...tls };
}
