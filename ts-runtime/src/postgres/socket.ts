// The sockets under the driver.
//
// When a connection breaks with an error, the driver (postgres 3.4.9) rejects what waits for an answer when it hears
// of the error, and not when it hears of the close behind it. A query that is sent in between would wait for ever.
// So our sockets close without saying that there was an error: then the driver rejects what waits at the close, too.
import { Socket } from "node:net";

class PostgresSocket extends Socket {
  /** Read by the driver: the name that a certificate must have. */
  readonly host: string | undefined;

  constructor(host: string | undefined) {
    super();
    this.host = host;
  }

  override emit(event: string | symbol, ...args: unknown[]): boolean {
    return event === "close" ? super.emit(event, false) : super.emit(event, ...args);
  }
}

/** What the driver knows of where to connect. */
export interface SocketTarget {
  readonly host: readonly string[];
  readonly port: readonly number[];
  /** Of a Unix socket, if it is one. */
  readonly path?: string | false;
}

/** Makes sockets that are connecting, to each host of a URL in turn. */
export function createSocketFactory(): (target: SocketTarget) => Socket {
  let turn = 0;
  return ({ host, port, path }) => {
    const index = turn++ % host.length;
    const socket = new PostgresSocket(host[index]);
    return path ? socket.connect(path) : socket.connect(port[index] ?? 5432, host[index] ?? "localhost");
  };
}
