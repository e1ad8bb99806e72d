import { isIPv4, isIPv6 } from "node:net";

/** Whether only this machine reaches what listens on that address. */
export function isLoopback(host: string): boolean {
  if (isIPv4(host)) return host.startsWith("127.");
  if (isIPv6(host)) return new URL(`http://[${host}]`).hostname === "[::1]";
  return host === "localhost" || host.endsWith(".localhost");
}
