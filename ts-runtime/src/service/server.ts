// A service's port: gRPC, gRPC-Web and Connect, over HTTP/2 and HTTP/1.1, with health and reflection; in plaintext, or
// over TLS where the service has an identity.
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { ConnectError, Interceptor } from "@connectrpc/connect";
import { SamspelError, toConnectError } from "../errors/index.ts";
import { defaultPolicies, type Policies } from "../policy/index.ts";
import { endsWithin } from "../resilience/index.ts";
import type { Logger } from "../telemetry/index.ts";
import { assertDistinct, type ServiceBinding } from "./binding.ts";
import { createGuard, type ServerAuth, type ServerIdentity } from "./guard.ts";
import { createHealth } from "./health.ts";
import { ServerLimits } from "./limit/index.ts";
import { startListener } from "./listener.ts";
import { resolvePortLimits, type PortLimits } from "./port-limits.ts";
import { createReflection } from "./reflection.ts";
import { createRequestHandler } from "./request-handler.ts";

const shutdownMs = 1_000;
const longestTimeoutMs = 99_999_999;

export interface RpcServerOptions {
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 0: one that the system picks. */
  readonly port?: number;
  readonly bindings: readonly ServiceBinding[];
  /** What is served like health and reflection: beside the services, and not one of them. */
  readonly beside?: readonly ServiceBinding[];
  readonly logger: Logger;
  /** Connect interceptors around every call, the first one outermost; what they throw is treated as a handler's errors. */
  readonly interceptors?: readonly Interceptor[];
  /** Whether health says SERVING from the start. Default true. */
  readonly serving?: boolean;
  /** The deadline of a unary call that comes without one (C1). Default 10,000 ms. */
  readonly timeoutMs?: number;
  /**
   * How long a drain waits for streams that have no deadline, and so perhaps no end, in milliseconds. Default 5,000;
   * a handler that looks at `drainingSignal(context)` ends at once.
   */
  readonly streamGraceMs?: number;
  /** The largest request message that is taken, in bytes, of all methods. Default: what `policies` say of each, 4 MiB. */
  readonly maxReceiveBytes?: number;
  /** What holds for the calls of each method. Default: `defaultPolicies()`. */
  readonly policies?: Policies;
  /** How much the port takes on at a time. */
  readonly limits?: PortLimits | undefined;
  /** The largest header block that is received, in bytes. Default 64 KiB. */
  readonly maxHeaderBytes?: number;
  /**
   * Who the server is and who may call it: the port is TLS then, and callers show certificates. Health is served in
   * plaintext as well, on `healthPort`. Default: none, and a port in plaintext.
   */
  readonly identity?: ServerIdentity | undefined;
  /** Who may call, and how users are known. Default: only services are told apart, where there is an identity. */
  readonly auth?: ServerAuth | undefined;
}

/** A running server. */
export interface RpcServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Where `grpc.health.v1` alone is served in plaintext, on the loopback; undefined without an identity. */
  readonly healthPort: number | undefined;
  /** The full names of what it serves, without health, reflection and what else is beside. */
  readonly protoServices: readonly string[];
  /** What health says of every service; it changes nothing else. */
  setServing(serving: boolean): void;
  /**
   * Stops as A2 says: health says NOT_SERVING, no new connections and calls, those that run may end; streams without a
   * deadline within `streamGraceMs`. What still runs after `graceMs` is told to end (its signal aborts, its caller gets `SAMSPEL_DRAINING`) and then cut.
   */
  drain(graceMs: number): Promise<void>;
  /** Stops at once. */
  close(): Promise<void>;
}

/**
 * Starts a server for the given services.
 *
 * @throws SAMSPEL_INVALID_CONFIGURATION when the port cannot be had, or a limit makes no sense; TypeError when a service is bound twice.
 */
export async function startRpcServer(options: RpcServerOptions): Promise<RpcServer> {
  const { bindings, logger, host = "127.0.0.1", port = 0, timeoutMs = 10_000 } = options;
  if (!(timeoutMs >= 1 && timeoutMs <= longestTimeoutMs)) {
    throw new RangeError(
      `Cannot use timeoutMs as it must be from 1 to ${longestTimeoutMs}: current value is ${timeoutMs}`,
    );
  }
  const portLimits = resolvePortLimits(options.limits);
  const services: readonly DescService[] = bindings.map((binding) => binding.service);
  const protoServices = services.map((service) => service.typeName);
  const draining = new AbortController();
  const openEnded = new AbortController();
  const shutdown = new AbortController();
  const { identity } = options;
  // With a certificate that is over, nobody would let us in, nor we them.
  const isFit = (): boolean => identity?.identity.isExpired !== true;
  const health = createHealth(protoServices, options.serving ?? true, isFit);
  const own = [...bindings, ...(options.beside ?? []), health.binding];
  const all = [...own, ...createReflection(own.map((binding) => binding.service))];
  assertDistinct(all);

  const { auth } = options;
  const guard =
    identity === undefined && auth === undefined ? undefined : createGuard({ server: identity, auth });
  const security = identity === undefined || guard === undefined ? undefined : { server: identity, guard };
  const listening = {
    logger,
    maxHeaderBytes: options.maxHeaderBytes ?? 64 * 1024,
    connections: portLimits.connections,
  };
  const policies = options.policies ?? defaultPolicies();
  const { maxReceiveBytes } = options;
  using begun = new DisposableStack();
  const handling = {
    logger,
    timeoutMs: Math.round(timeoutMs),
    maxRequestBytes: (method: DescMethod) =>
      maxReceiveBytes ?? policies.ofMethod(method).server.maxRequestBytes,
    limits: begun.use(new ServerLimits({ services, policies, concurrency: portLimits.concurrency, logger })),
    draining: draining.signal,
    openEnded: openEnded.signal,
    shutdown: shutdown.signal,
  };
  const listener = await startListener({
    ...listening,
    host,
    port,
    security,
    ...createRequestHandler({
      ...handling,
      bindings: all,
      interceptors: options.interceptors ?? [],
      guard,
    }),
  });
  const healthListener =
    identity === undefined
      ? undefined
      : await startListener({
          ...listening,
          host: "127.0.0.1",
          port: 0,
          ...createRequestHandler({ ...handling, bindings: [health.binding], interceptors: [] }),
        }).catch(async (error: unknown) => {
          await listener.cut();
          throw error;
        });

  const parts = begun.move();
  let drained: Promise<void> | undefined;
  const stop = async (graceMs: number): Promise<void> => {
    health.setServing(false);
    listener.stop();
    draining.abort();
    const streamTimer = setTimeout(() => openEnded.abort(drainingError()), options.streamGraceMs ?? 5_000);
    const finished = await endsWithin(listener.idle(), graceMs);
    clearTimeout(streamTimer);
    if (!finished) {
      logger.warn({ graceMs }, "calls are still running after the grace period: they are cut");
      shutdown.abort(drainingError());
      await endsWithin(listener.idle(), shutdownMs);
    }
    await Promise.all([listener.cut(), healthListener?.cut()]);
    parts.dispose();
  };
  const close = async (): Promise<void> => {
    draining.abort();
    shutdown.abort(drainingError());
    await Promise.all([listener.cut(), healthListener?.cut()]);
    parts.dispose();
  };

  return {
    host,
    port: listener.port,
    healthPort: healthListener?.port,
    protoServices,
    setServing: (serving) => health.setServing(serving),
    drain: (graceMs) => (drained ??= stop(graceMs)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function drainingError(): ConnectError {
  return toConnectError(new SamspelError("SAMSPEL_DRAINING", "the server is stopping"));
}
