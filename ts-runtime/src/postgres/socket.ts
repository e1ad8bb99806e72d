// The sockets under the driver.
//
// When a connection breaks with an error, the driver (postgres 3.4.9) rejects what waits for an answer when it hears
// of the error, and not when it hears of the close behind it. A query that is sent in between would wait for ever.
// So our sockets close without saying that there was an error: then the driver rejects what waits at the close, too.
//
// They also know since when they have heard nothing, so that a connection whose server or network is gone without a
// word can be broken. By the count of bytes, which counts under TLS as well.
import { Socket } from "node:net";

class PostgresSocket extends Socket {
  /** Read by the driver: the name that a certificate must have. */
  readonly host: string | undefined;
  readonly #onClose: (socket: PostgresSocket) => void;

  constructor(host: string | undefined, onClose: (socket: PostgresSocket) => void) {
    super();
    this.host = host;
    this.#onClose = onClose;
  }

  // Not a listener, as the driver removes all of them.
  override emit(event: string | symbol, ...args: unknown[]): boolean {
    if (event !== "close") return super.emit(event, ...args);
    this.#onClose(this);
    return super.emit(event, false);
  }
}

/** What the driver knows of where to connect. */
interface SocketTarget {
  readonly host: readonly string[];
  readonly port: readonly number[];
  /** Of a Unix socket, if it is one. */
  readonly path?: string | false;
}

/** The sockets of one pool of connections. */
export interface Sockets {
  /** Makes a socket that is connecting, to each host of a URL in turn. */
  readonly connect: (target: SocketTarget) => Socket;
  /** Looks which of them have heard something since the last look. */
  listen(): void;
  /** Breaks those that had heard nothing for so long at the last look; how many there were. */
  cutSilent(forMs: number): number;
}

interface Heard {
  bytes: number;
  atMs: number;
}

export function createSockets(): Sockets {
  const heard = new Map<PostgresSocket, Heard>();
  let turn = 0;
  return {
    connect({ host, port, path }) {
      const index = turn++ % host.length;
      const socket = new PostgresSocket(host[index], (closed) => heard.delete(closed));
      heard.set(socket, { bytes: 0, atMs: performance.now() });
      return path ? socket.connect(path) : socket.connect(port[index] ?? 5432, host[index] ?? "localhost");
    },
    listen() {
      for (const [{ bytesRead }, last] of heard) {
        if (bytesRead === last.bytes) continue;
        last.bytes = bytesRead;
        last.atMs = performance.now();
      }
    },
    cutSilent(forMs) {
      const before = performance.now() - forMs;
      const silent = [...heard].filter(([, { atMs }]) => atMs <= before);
      for (const [socket] of silent) socket.destroy();
      return silent.length;
    },
  };
}
