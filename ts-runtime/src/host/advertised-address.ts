// Where others reach a service. One that listens on all interfaces cannot register "all interfaces".
import { createSocket } from "node:dgram";
import { once } from "node:events";

const wildcards = new Set(["0.0.0.0", "::"]);

/** The address to register for what listens on `host`: on all interfaces, the one that faces the registry. */
export async function advertisedAddress(host: string, registryUrl: string): Promise<string> {
  if (!wildcards.has(host)) return host === "localhost" ? "127.0.0.1" : host;
  const { hostname, port } = new URL(registryUrl);
  const socket = createSocket(host === "::" ? "udp6" : "udp4");
  try {
    // Sends nothing: it only picks a route.
    socket.connect(Number(port || 80), hostname.replace(/^\[|\]$/g, ""));
    await once(socket, "connect");
    return socket.address().address;
  } finally {
    socket.close();
  }
}
