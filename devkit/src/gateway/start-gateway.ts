// Starts a gateway: one public port before all services of a registry. Invariants:
//   Y1. What is not public is not there: it is answered as what does not exist.
//   Y2. A call waits for its service while that restarts, until its deadline.
//   Y3. A stop refuses new connections and lets calls end (A2).
import { createRegistry, openIdentity, type Registry } from "@samspel/registry";
import {
  createHealth,
  createLogger,
  createProxyCalls,
  createReflection,
  createTracing,
  endsWithin,
  SamspelError,
  startListener,
  toConnectError,
  type ClientIdentity,
  type Listener,
  type Logger,
} from "@samspel/runtime/proxy";
import { openPolicies } from "@samspel/runtime/policy";
import { createAdmission } from "./admission/index.ts";
import { startAdminServer } from "./admin-server.ts";
import { followApis, type OpenServices } from "./api/index.ts";
import { createCors } from "./http/cors.ts";
import { watchTlsFiles } from "./http/tls-files.ts";
import { createGatewayMetrics, createObserver, createRequestSpans } from "./observe/index.ts";
import { createOpenApiPages } from "./openapi/index.ts";
import { resolveGatewayOptions, type GatewayOptions, type ResolvedGatewayOptions } from "./options.ts";
import { createRequestHandler } from "./request-handler.ts";
import { createRouteTables, type RouteTable } from "./route-table.ts";
import { ownHandlers, transcodingHandlers, type TranscodingOptions } from "./rpc/transcoding.ts";
import { createWebSockets } from "./websocket/index.ts";

const cutWithinMs = 1_000;

/** A gateway that runs. */
export interface Gateway extends AsyncDisposable {
  /** Where it is called: `http://127.0.0.1:4000`. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Where `/metrics` is; undefined without one. */
  readonly adminPort: number | undefined;
  /** Resolves when all that the registry had at the start is open. */
  readonly ready: Promise<void>;
  /** What is open now: the full names of proto services and their methods. */
  openMethods(): Readonly<Record<string, readonly string[]>>;
  /** Stops accepting, lets calls end for `drainMs`, closes. Safe to call again. */
  close(): Promise<void>;
}

/**
 * Starts a gateway. Resolves when it listens; it opens what the registry has as it hears of it, and says `ready` when
 * that is done for the first time.
 * @throws GatewayError when an option cannot be used; SAMSPEL_INVALID_CONFIGURATION when the port cannot be had;
 *   RegistryError when the registry gives no identity.
 */
export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const resolved = resolveGatewayOptions(options);
  const logger = options.logger ?? createLogger({ service: resolved.name });
  await using begun = new AsyncDisposableStack();
  const { registryUrl } = resolved;
  const registry = begun.adopt(
    createRegistry(registryUrl === undefined ? {} : { url: registryUrl }),
    // Its failure to say goodbye must not hide what went before.
    (registry) =>
      registry.close().catch((error: unknown) => logger.debug({ err: error }, "the registry's client")),
  );
  const identity = await openClientIdentity(resolved, registry, begun);
  const gateway = await assemble(resolved, { registry, identity, logger, begun });
  const parts = begun.move();
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= parts.disposeAsync());
  return { ...gateway, close, [Symbol.asyncDispose]: close };
}

interface Assembly {
  readonly registry: Registry;
  readonly identity: ClientIdentity | undefined;
  readonly logger: Logger;
  /** What was begun; it is undone from the last to the first. */
  readonly begun: AsyncDisposableStack;
}

async function assemble(
  options: ResolvedGatewayOptions,
  { registry, identity, logger, begun }: Assembly,
): Promise<Omit<Gateway, "close" | keyof AsyncDisposable>> {
  const { host, name, timeoutMs, jwt, rateLimits } = options;
  const shutdown = new AbortController();
  const admission = await createAdmission({ jwt, rateLimits });
  const tracing = options.tracing ?? createTracing();
  const policies = begun.use(
    openPolicies({ values: registry.values, service: name, ofOthers: true, logger }),
  );
  const calls = begun.adopt(
    createProxyCalls({ registry, timeoutMs, policies, logger, identity, tracing }),
    (calls) => calls.close(),
  );
  const { transport } = calls;
  const transcoding: TranscodingOptions = { ...options, transport, admission, shutdown: shutdown.signal };
  const health = createHealth([], false);
  const tables = createRouteTables({
    handlersOf: (service) => transcodingHandlers(service, transcoding),
    own: (services) => ownHandlers([health.binding, ...reflectionOf(services, options)], transcoding),
    logger,
  });
  let table: RouteTable = tables(new Map());
  let draining = false;
  const apis = begun.use(
    followApis({
      registry,
      logger,
      onChange(services) {
        table = tables(services);
        health.setServing(apis.isReady && !draining);
        logger.debug({ protoServices: [...services.keys()] }, "what is open has changed");
      },
    }),
  );
  const metrics = createGatewayMetrics();
  const observer = createObserver({ ...options, logger, metrics, spans: createRequestSpans(tracing) });
  const isReady = (): boolean => apis.isReady && !draining;
  const cors = createCors(options.cors);
  const serving = {
    ...options,
    transport,
    admission,
    shutdown: shutdown.signal,
    calls,
    table: () => table,
    observer,
    logger,
    cors,
  };
  const webSockets = createWebSockets(serving);
  const pages = createOpenApiPages({ table: () => table, jwt, trustsProxy: options.trustedProxies > 0 });
  const tls = options.tls && begun.use(await watchTlsFiles(options.tls, logger));
  const listener = await startListener({
    host,
    port: options.port,
    maxHeaderBytes: 64 * 1024,
    logger,
    webTls: tls?.current,
    onUpgrade: webSockets.upgrade,
    handler: createRequestHandler({ ...serving, pages, isReady }),
  });
  tls?.onChange((context) => listener.setWebTls(context));
  begun.defer(async () => {
    draining = true;
    health.setServing(false);
    webSockets.drain();
    await drain(listener, webSockets.idle, options.drainMs, shutdown, logger);
  });
  const admin =
    options.adminPort === undefined
      ? undefined
      : begun.adopt(
          await startAdminServer({ host: options.adminHost, port: options.adminPort, metrics, isReady }),
          (server) => server.close(),
        );
  const url = `${tls === undefined ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${listener.port}`;
  logger.info({ url, registry: registry.url }, "the gateway listens");
  return {
    url,
    host,
    port: listener.port,
    adminPort: admin?.port,
    ready: apis.ready,
    openMethods: () =>
      Object.fromEntries(
        Array.from(apis.current, ([name, { methods }]) => [name, methods.map(({ name }) => name)]),
      ),
  };
}

async function openClientIdentity(
  { name, identity: mode }: ResolvedGatewayOptions,
  registry: Registry,
  begun: AsyncDisposableStack,
): Promise<ClientIdentity | undefined> {
  if (mode === "none") return undefined;
  const identity = begun.use(await openIdentity({ registry, service: name }));
  return { identity, mode: mode === "consul" ? "strict" : "permissive" };
}

function reflectionOf(services: OpenServices, { reflection }: ResolvedGatewayOptions) {
  if (!reflection) return [];
  return createReflection(Array.from(services.values(), ({ service }) => service));
}

/** Calls may end for a while; what still runs then is told to, and cut (Y3). */
async function drain(
  listener: Listener,
  socketsIdle: () => Promise<void>,
  drainMs: number,
  shutdown: AbortController,
  logger: Logger,
): Promise<void> {
  listener.stop();
  const idle = Promise.all([listener.idle(), socketsIdle()]);
  if (!(await endsWithin(idle, drainMs))) {
    logger.warn({ drainMs }, "calls are still running after the grace period: they are cut");
    shutdown.abort(toConnectError(new SamspelError("SAMSPEL_DRAINING", "the gateway is stopping")));
    await endsWithin(idle, cutWithinMs);
  }
  await listener.cut();
}
