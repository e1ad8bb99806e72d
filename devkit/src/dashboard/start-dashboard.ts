// Starts the dashboard's server: pages, API and what it passes on to services, on one port.
import type { Server } from "node:http";
import { isIPv4 } from "node:net";
import { fileURLToPath } from "node:url";
import { Code, ConnectError } from "@connectrpc/connect";
import { DashboardService } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { urlOf } from "../join/index.ts";
import type { Dashboard, DashboardOptions } from "./dashboard.ts";
import { createAccess, createAssets, createRpc, listen, portOf } from "./server/index.ts";

/** Beside the sources, and beside what is built of them. */
const ownAssets = fileURLToPath(new URL("../../dashboard", import.meta.url));

/**
 * Starts the dashboard; it is stopped by `close()`.
 *
 * @throws RangeError for an address that is no loopback address, without a token; the system's error where the port is
 * taken.
 */
export async function startDashboard(options: DashboardOptions): Promise<Dashboard> {
  const { host = "127.0.0.1", port, token, allowedHosts = [] } = options;
  requireTokenFor(host, token);
  const cookie = `samspel_dashboard_${port}`;
  const shutdown = new AbortController();
  const rpc = createRpc((router) => router.service(DashboardService, {}), shutdown.signal);
  const server = await listen({
    host,
    port,
    access: createAccess({ allowedHosts, token, cookie }),
    cookie,
    token,
    assets: createAssets(options.assets ?? ownAssets),
    api: (request, response) => rpc(request, response, (request.url ?? "").split("?", 1)[0] ?? ""),
  });
  const base = urlOf(isAnyAddress(host) ? "127.0.0.1" : host, portOf(server));
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    shutdown.abort(new ConnectError("the dashboard stops", Code.Unavailable));
    return (closing ??= closeServer(server));
  };
  return {
    url: token === undefined ? base : `${base}/?token=${encodeURIComponent(token)}`,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function requireTokenFor(host: string, token: string | undefined): void {
  const isLoopback = host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
  if (isLoopback || token !== undefined) return;
  throw new RangeError(
    `Cannot listen at ${host} without a token, as whoever reaches the dashboard can call and stop all services: give a token, or listen at 127.0.0.1`,
  );
}

function isAnyAddress(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
  // Streams end by the shutdown signal; a browser keeps its connections open for long.
  server.closeIdleConnections();
  const patience = setTimeout(() => server.closeAllConnections(), 500);
  await closed;
  clearTimeout(patience);
}
