// A connection to one server, over as many sessions of Node's HTTP/2 as that takes. Invariants:
//   Q1. Calls that find no room wait in their order: for the session to stand, or for one of the server's streams to be
//       free. Each leaves the queue when it likes.
//   Q2. A session that goes takes none of the waiting calls along: they wait for the next one. If one could not be made,
//       they fail, and the next call tries again.
import type { OutgoingHttpHeaders, SecureClientSessionOptions } from "node:http2";
import type { ClientCarrier, ClientStreamUser } from "../carrier.ts";
import { failedCall } from "../failed-call.ts";
import { StreamFailure } from "../stream-failure.ts";
import { defaultPatience, NodeClientSession, type SessionPatience } from "./client-session.ts";
import type { RawStream } from "./raw-stream.ts";

interface Waiter {
  onRoom(session: NodeClientSession): void;
  onFailed(failure: StreamFailure): void;
}

export class NodeClientConnection implements ClientCarrier {
  readonly #url: URL;
  readonly #tls: SecureClientSessionOptions | undefined;
  readonly #patience: SessionPatience;
  readonly #waiting = new Set<Waiter>();
  #session: NodeClientSession | undefined;
  /** Those that took calls and take no more. */
  readonly #leaving = new Set<NodeClientSession>();
  #isClosed = false;

  /** @param tls read anew for each session. */
  constructor(url: string, tls?: SecureClientSessionOptions, patience: Partial<SessionPatience> = {}) {
    this.#url = new URL(url);
    this.#tls = tls;
    this.#patience = { ...defaultPatience, ...patience };
  }

  /** Whether it stands, or is about to. */
  get isUp(): boolean {
    return this.#session !== undefined;
  }

  open(user: ClientStreamUser): () => void {
    if (this.#isClosed) throw new StreamFailure("refused", "the connection was closed");
    if (this.#session?.isGone === true) this.#session.retire();
    if (this.#session?.hasRoom === true && this.#waiting.size === 0) {
      this.#session.open(user);
      return nothing;
    }
    return this.#wait({
      onRoom: (session) => session.open(user),
      onFailed: (failure) => user.onClosed(failure),
    });
  }

  /** Opens a stream for who makes the bytes of its request himself; rejects where there is no connection. */
  request(headers: OutgoingHttpHeaders): Promise<RawStream> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) throw failedCall(new StreamFailure("refused", "the connection was closed"));
      if (this.#session?.isGone === true) this.#session.retire();
      const waiter: Waiter = {
        onRoom: (session) => resolve(session.openRaw(headers)),
        onFailed: (failure) => reject(failedCall(failure)),
      };
      if (this.#session?.hasRoom === true && this.#waiting.size === 0) waiter.onRoom(this.#session);
      else this.#wait(waiter);
    });
  }

  /** Closes after the last call; those that wait have none to wait for. */
  retire(): void {
    this.#end((session) => session.retire());
  }

  /** Closes now: calls fail. */
  close(): void {
    this.#end((session) => session.destroy());
  }

  #wait(waiter: Waiter): () => void {
    this.#waiting.add(waiter);
    if (this.#session === undefined) this.#connect();
    return () => void this.#waiting.delete(waiter);
  }

  #end(how: (session: NodeClientSession) => void): void {
    this.#isClosed = true;
    for (const session of [...this.#leaving, ...(this.#session === undefined ? [] : [this.#session])])
      how(session);
    this.#failAll(new StreamFailure("refused", "the connection was closed"));
  }

  #connect(): void {
    const session = new NodeClientSession(this.#url, this.#tls, this.#patience, {
      onRoom: () => {
        if (this.#session === session) this.#serve(session);
      },
      onGone: (failure) => {
        if (this.#session === session) this.#session = undefined;
        if (failure !== undefined) return this.#failAll(failure);
        this.#leaving.add(session);
        // Q2
        if (this.#waiting.size > 0 && !this.#isClosed) this.#connect();
      },
      onClosed: () => this.#leaving.delete(session),
    });
    this.#session = session;
  }

  /** Q1 */
  #serve(session: NodeClientSession): void {
    for (const waiter of this.#waiting) {
      if (!session.hasRoom) return;
      this.#waiting.delete(waiter);
      waiter.onRoom(session);
    }
  }

  #failAll(failure: StreamFailure): void {
    for (const waiter of this.#waiting) {
      this.#waiting.delete(waiter);
      waiter.onFailed(failure);
    }
  }
}

function nothing(): void {}
