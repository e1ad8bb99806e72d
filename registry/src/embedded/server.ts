// The embedded registry: Consul's HTTP API in this process, for development and tests (R6). It keeps nothing: a
// restart forgets all, as a Consul in development mode does, and instances come back by themselves (R4).
import type { AddressInfo } from "node:net";
import { agentCheckRoutes } from "./agent-checks.ts";
import { agentServiceRoutes } from "./agent-services.ts";
import { createAgentState } from "./agent-state.ts";
import { catalogRoutes } from "./catalog.ts";
import { createCheckKeeper } from "./check-keeper.ts";
import { healthRoutes } from "./health.ts";
import { connectIntentionRoutes } from "./connect-intentions.ts";
import { connectRoots } from "./connect-roots.ts";
import { createHttpServer } from "./http-server.ts";
import { createIndexClock } from "./index-clock.ts";
import { createKvStore } from "./kv-store.ts";
import { kvRoutes } from "./kv.ts";
import { nodeShape } from "./node.ts";
import { createRouter } from "./router.ts";
import { createSessionStore } from "./session-store.ts";
import { sessionRoutes } from "./sessions.ts";
import { statusRoutes } from "./status.ts";

export interface EmbeddedRegistryOptions {
  /** The address to listen on. Default `127.0.0.1`: there is no access control, so leave it on the loopback. */
  readonly host?: string;
  /** Default 0: one of the system's choice. */
  readonly port?: number;
  /** How long a certificate of its CA is valid; it is renewed after two thirds of that. Default 72 hours, as Consul's. */
  readonly leafTtlMs?: number;
  /** Whether a service may call another where no intention is about the two. Default `allow`, as Consul without ACLs. */
  readonly defaultIntention?: "allow" | "deny";
}

const threeDaysMs = 72 * 60 * 60 * 1_000;

/** A registry that runs in this process. */
export interface EmbeddedRegistry extends AsyncDisposable {
  /** For `CONSUL_HTTP_ADDR`. */
  readonly url: string;
  readonly port: number;
  /** Ends all requests and checks; what was registered is forgotten. */
  close(): Promise<void>;
}

/**
 * Starts an embedded registry; resolves when it accepts requests.
 *
 * @throws Error if the port is taken, naming it.
 */
export async function startEmbeddedRegistry(
  options: EmbeddedRegistryOptions = {},
): Promise<EmbeddedRegistry> {
  const { host = "127.0.0.1", port = 0 } = options;
  const clock = createIndexClock();
  const state = createAgentState(clock);
  const keeper = createCheckKeeper(state);
  const kv = createKvStore(clock);
  const sessions = createSessionStore(state, kv, clock);
  const node = nodeShape(host);
  const roots = connectRoots(clock, { leafTtlMs: options.leafTtlMs ?? threeDaysMs });
  const router = createRouter([
    ...agentServiceRoutes(state, keeper, clock),
    ...agentCheckRoutes(state, keeper),
    ...healthRoutes(state, clock, node),
    ...catalogRoutes(state, clock, node),
    ...kvRoutes(kv, sessions, clock),
    ...sessionRoutes(sessions, clock),
    ...roots.routes,
    ...connectIntentionRoutes(clock, options.defaultIntention ?? "allow"),
    ...statusRoutes(host, node),
  ]);
  const server = createHttpServer(router);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) =>
      reject(
        new Error(
          `Cannot start the embedded registry on ${host}:${port}: ${error.message}. Choose another port`,
          {
            cause: error,
          },
        ),
      ),
    );
    server.listen(port, host, resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  const close = async (): Promise<void> => {
    keeper.close();
    roots.close();
    sessions.close();
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  let closing: Promise<void> | undefined;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}`,
    port: bound,
    close: () => (closing ??= close()),
    async [Symbol.asyncDispose]() {
      await (closing ??= close());
    },
  };
}
