// A door to Postgres that can be shut: while it is, connections are cut and new ones refused.
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import type { Test } from "tap";
import { databaseUrl } from "../../support/environment.ts";

export interface DatabaseProxy {
  readonly url: string;
  shut(): Promise<void>;
  open(): Promise<void>;
}

/** Opens the door; it is shut for good at the end of the test. */
export async function openProxy(t: Test): Promise<DatabaseProxy> {
  const target = new URL(databaseUrl());
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const upstream = connect(Number(target.port || 5432), target.hostname);
    for (const [from, to] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      sockets.add(from);
      from.on("error", () => {});
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  const shut = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const url = new URL(target);
  url.host = `127.0.0.1:${port}`;
  t.teardown(shut);
  return { url: url.href, shut, open: () => listen(port) };
}
