// The port of a service that people know: it stays the same while the processes behind it come and go.
//
//   H1. A connection goes to the process that serves when it comes. It stays with that one until either side ends it.
//   H2. While none serves and one is on its way, connections wait for it: they are not refused.
//   H3. While the service is down, connections are closed at once.
import { connect, createServer, type Server, type Socket } from "node:net";

const retryMs = 50;

/** Where connections go. */
type FrontTarget =
  | { readonly type: "serving"; readonly port: number }
  /** One is on its way. */
  | { readonly type: "waiting" }
  | { readonly type: "down" };

/** A port that passes connections on. */
export interface Front {
  direct(target: FrontTarget): void;
  close(): Promise<void>;
}

/** Listens; `down` at first. @throws the system's error where the port cannot be had. */
export async function openFront(host: string, port: number): Promise<Front> {
  const sockets = new Set<Socket>();
  const waiting = new Set<() => void>();
  let target: FrontTarget = { type: "down" };

  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.once("close", () => sockets.delete(socket));
    // Said to the other side by `joined`.
    socket.on("error", () => {});
  };

  const pass = (client: Socket): void => {
    if (client.destroyed) return;
    if (target.type === "down") return void client.resetAndDestroy();
    if (target.type === "waiting") {
      const wake = (): void => {
        waiting.delete(wake);
        client.off("close", wake);
        pass(client);
      };
      waiting.add(wake);
      client.once("close", wake);
      return;
    }
    const upstream = connect({ host, port: target.port, allowHalfOpen: true });
    keep(upstream);
    const again = (): void => void setTimeout(() => pass(client), retryMs);
    // It has just ended: the next one is told of in a moment (H2).
    upstream.once("error", again);
    upstream.once("connect", () => {
      upstream.off("error", again);
      joined(client, upstream);
    });
  };

  const server: Server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    keep(client);
    pass(client);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, exclusive: true }, resolve);
  });
  return {
    direct(next) {
      target = next;
      if (next.type !== "waiting") for (const wake of waiting) wake();
    },
    async close() {
      target = { type: "down" };
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Passes on what either side sends, its end, and its death. */
function joined(one: Socket, other: Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.pipe(to);
    from.once("close", () => {
      if (from.errored === null) to.end();
      else to.resetAndDestroy();
    });
  }
}
