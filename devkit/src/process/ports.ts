// Ports on loopback: free ones, ones that stay the same between runs, and who has a taken one.
import { createServer } from "node:net";
import { crc32 } from "node:zlib";
import { portHolder, type PortHolder } from "./port-holder.ts";

const firstStablePort = 20_000;
const stablePorts = 10_000;

/** Whether something listens on a port; `by` is missing where the system does not tell. */
export type PortState = { readonly type: "free" } | { readonly type: "taken"; readonly by?: PortHolder };

/** A port that is the same for the same name in each run: 20000–29999, below what systems hand out by themselves. */
export function stablePort(name: string): number {
  return firstStablePort + (crc32(name) % stablePorts);
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

/** The stable port of the name if it is free, else a free one. */
export async function stableOrFreePort(name: string, host: string = "127.0.0.1"): Promise<number> {
  const port = stablePort(name);
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
