// Ports on loopback: free ones, ones that stay the same between runs, and who has a taken one.
import { createServer } from "node:net";
import { crc32 } from "node:zlib";
import { portHolder, type PortHolder } from "./port-holder.ts";

// Below what systems hand out by themselves: services have one half, and what stands beside them the other, so that
// neither takes a port that people know the other by.
const servicePorts = { first: 20_000, count: 10_000 };
const blockPorts = { first: 10_000, count: 10_000, size: 10 };

/** Whether something listens on a port; `by` is missing where the system does not tell. */
export type PortState = { readonly type: "free" } | { readonly type: "taken"; readonly by?: PortHolder };

/** The port of a service, the same for the same name in each run: 20000–29999. */
export function stablePort(name: string): number {
  return servicePorts.first + (crc32(name) % servicePorts.count);
}

/**
 * A port of the block of ten that belongs to a name, the same in each run: 10000–19999. Ports of one block differ, so
 * that programs which start at the same time do not meet.
 * @param place 0 to 9.
 */
export function blockPort(name: string, place: number): number {
  const { first, count, size } = blockPorts;
  return first + (crc32(name) % (count / size)) * size + place;
}

/** A port that was free a moment ago, chosen by the operating system. */
export async function freePort(host: string = "127.0.0.1"): Promise<number> {
  const result = await listenOnce(0, host);
  if (result.type === "failed") throw result.error;
  return result.port;
}

/** Whether a service could listen on the port, and else who does. */
export async function inspectPort(port: number, host: string = "127.0.0.1"): Promise<PortState> {
  const result = await listenOnce(port, host);
  if (result.type === "listened") return { type: "free" };
  if (!("code" in result.error) || result.error.code !== "EADDRINUSE") throw result.error;
  const by = await portHolder(port);
  return by === undefined ? { type: "taken" } : { type: "taken", by };
}

/** The port if it is free, else a free one. */
export async function thisOrFreePort(port: number, host: string = "127.0.0.1"): Promise<number> {
  return (await inspectPort(port, host)).type === "free" ? port : freePort(host);
}

type Listened =
  | { readonly type: "listened"; readonly port: number }
  | { readonly type: "failed"; readonly error: Error };

function listenOnce(port: number, host: string): Promise<Listened> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => resolve({ type: "failed", error }));
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      const bound = typeof address === "object" && address !== null ? address.port : port;
      server.close(() => resolve({ type: "listened", port: bound }));
    });
  });
}
