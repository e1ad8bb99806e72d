// Stands between a service and what it needs, to take that away and bring it back without touching the server that
// other tests share.
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import type { Test } from "tap";

export interface TcpProxy {
  /** The given URL, with the proxy's address in it. */
  readonly url: string;
  /** Breaks all connections, and refuses new ones. */
  cut(): void;
  restore(): void;
}

/** Starts a proxy to the host of a URL; it ends with the test. */
export async function startTcpProxy(t: Test, url: string): Promise<TcpProxy> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let open = true;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy()).once("close", () => sockets.delete(socket));
  };
  const server = createServer((inward) => {
    if (!open) {
      inward.resetAndDestroy();
      return;
    }
    const outward = connect(Number(target.port), target.hostname);
    keep(inward);
    keep(outward);
    inward.pipe(outward).pipe(inward);
    inward.once("close", () => outward.destroy());
    outward.once("close", () => inward.destroy());
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const cut = (): void => {
    open = false;
    for (const socket of sockets) socket.resetAndDestroy();
  };
  t.teardown(async () => {
    cut();
    await once(server.close(), "close");
  });
  // A server on a TCP port has an address of this kind.
  const { port } = server.address() as AddressInfo;
  const proxied = new URL(url);
  proxied.host = `127.0.0.1:${port}`;
  return {
    url: proxied.href,
    cut,
    restore() {
      open = true;
    },
  };
}
