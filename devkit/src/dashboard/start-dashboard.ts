// Starts the dashboard's server: pages, API and what it passes on to services, on one port.
import type { Server } from "node:http";
import { isIPv4 } from "node:net";
import { Code, ConnectError } from "@connectrpc/connect";
import { DashboardService } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { dashboardAssets } from "../dashboard-assets/index.ts";
import { urlOf } from "../join/index.ts";
import type { Dashboard, DashboardOptions } from "./dashboard.ts";
import { dashboardService } from "./dashboard-service.ts";
import { openParts } from "./open-parts.ts";
import { passOn, readPassedPath } from "./pass/index.ts";
import { createAccess, createAssets, createRpc, listen, portOf } from "./server/index.ts";

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
  const assets = createAssets(options.assets ?? (await dashboardAssets()));
  const parts = openParts(options);
  const own = createRpc(
    (router) => router.service(DashboardService, dashboardService(parts)),
    shutdown.signal,
  );
  const passed = createRpc((router) => passOn(router, parts.transports), shutdown.signal);
  let server: Server;
  try {
    server = await listen({
      host,
      port,
      access: createAccess({ allowedHosts, token, cookie }),
      cookie,
      token,
      assets,
      api(request, response) {
        const [path = ""] = (request.url ?? "").split("?", 1);
        const to = readPassedPath(path);
        return to === undefined
          ? own(request, response, path)
          : passed(request, response, to.path, to.values);
      },
    });
  } catch (error) {
    await parts[Symbol.asyncDispose]();
    throw error;
  }
  const base = urlOf(isAnyAddress(host) ? "127.0.0.1" : host, portOf(server));
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    shutdown.abort(new ConnectError("the dashboard stops", Code.Unavailable));
    return (closing ??= closeServer(server).then(() => parts[Symbol.asyncDispose]()));
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
