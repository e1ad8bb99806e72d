// The port at which an edge begins: who connects to it reaches the edge's target, as the edge's faults let him.
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import type { Line, Target } from "./line.ts";

const loopback = "127.0.0.1";

export interface Link {
  readonly host: string;
  readonly port: number;
  /** Takes no more connections. */
  close(): void;
}

/** Opens a port of the system's choice, which stays the same whatever faults come and go. */
export async function openLink(line: Line, target: Target): Promise<Link> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (inward) => line.carry(inward, target));
  await once(server.listen(0, loopback), "listening");
  // A server on a TCP port has an address of this kind.
  const { port } = server.address() as AddressInfo;
  return { host: loopback, port, close: () => void server.close() };
}
