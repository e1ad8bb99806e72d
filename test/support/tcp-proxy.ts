// Stands between a service and what it needs, to take that away and bring it back without touching the server that
// other tests share.
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import type { Test } from "tap";

export interface TcpProxy {
  /** The given URL, with the proxy's address in it. */
  readonly url: string;
  /** Breaks all connections, and refuses new ones. */
  cut(): Promise<void>;
  restore(): Promise<void>;
  /** Keeps all connections, and takes new ones, but lets nothing through until `cut()`. */
  freeze(): void;
  /** Lets new connections through again; those of the freeze stay dead and nobody is told, as after lost packets. */
  thaw(): void;
  /** How many bytes came and were not let through. */
  swallowed(): number;
}

const defaultPorts: Readonly<Record<string, number>> = { "postgres:": 5432, "nats:": 4222, "http:": 80 };

/** Starts a proxy to the host of a URL; it ends with the test. */
export async function startTcpProxy(t: Pick<Test, "teardown">, url: string): Promise<TcpProxy> {
  const target = new URL(url);
  const targetPort = target.port === "" ? defaultPorts[target.protocol] : Number(target.port);
  if (targetPort === undefined) throw new Error(`Cannot tell the port of ${target.protocol}`);
  const sockets = new Set<Socket>();
  let frozen = false;
  let swallowed = 0;
  const swallow = (socket: Socket): void => {
    socket.unpipe();
    socket.on("data", (bytes: Buffer) => (swallowed += bytes.length));
  };
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy()).once("close", () => sockets.delete(socket));
  };
  const server = createServer((inward) => {
    if (frozen) {
      keep(inward);
      swallow(inward);
      return;
    }
    const outward = connect(targetPort, target.hostname);
    keep(inward);
    keep(outward);
    inward.pipe(outward).pipe(inward);
    inward.once("close", () => outward.destroy());
    outward.once("close", () => inward.destroy());
  });
  const listen = async (port: number): Promise<void> => {
    await once(server.listen(port, "127.0.0.1"), "listening");
  };
  const cut = async (): Promise<void> => {
    if (!server.listening) return;
    frozen = false;
    const closed = once(server.close(), "close");
    for (const socket of sockets) socket.resetAndDestroy();
    await closed;
  };
  await listen(0);
  t.teardown(cut);
  // A server on a TCP port has an address of this kind.
  const { port } = server.address() as AddressInfo;
  const proxied = new URL(url);
  proxied.host = `127.0.0.1:${port}`;
  const freeze = (): void => {
    frozen = true;
    for (const socket of sockets) swallow(socket);
  };
  const thaw = (): void => {
    frozen = false;
  };
  return { url: proxied.href, cut, restore: () => listen(port), freeze, thaw, swallowed: () => swallowed };
}
