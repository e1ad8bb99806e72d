// Typed clients of services, found in the registry. One `Clients` per process: it holds the connections.
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { Client, Interceptor, Transport } from "@connectrpc/connect";
import type { InstanceQuery } from "@samspel/registry";
import { defaultPolicies, type Policies } from "../policy/index.ts";
import { createTracing, type Logger } from "../telemetry/index.ts";
import { withSpans } from "./client-spans.ts";
import { createEndingClient } from "./ending-streams.ts";
import { createEnvironments } from "./environments.ts";
import { inheriting, type CallContext } from "./inheriting.ts";
import type { InstanceSource } from "./instance-source.ts";
import { intercepted } from "./intercepted.ts";
import { createRoutingTransport } from "./routing-transport.ts";
import type { ClientIdentity } from "./security.ts";
import { zoneOf } from "./zone.ts";

/** How the clients of a process find instances and call them. */
export interface ClientsOptions {
  /** Where instances are found; not closed with the clients. */
  readonly registry: InstanceSource;
  /** The deadline of unary and client-streaming calls that set none (C1). Default: what their policy says, 10,000 ms. */
  readonly timeoutMs?: number;
  /** What holds for calls: deadlines, retries, hedges, breakers, bulkheads, how instances are chosen. Default: the defaults. */
  readonly policies?: Policies;
  /** Where the process runs: instances there are preferred. Default: `SAMSPEL_ZONE`, else nowhere in particular. */
  readonly zone?: string | undefined;
  /** Connect interceptors around every call, the first one outermost; they see a call once, however often it is retried. */
  readonly interceptors?: readonly Interceptor[];
  /** Told of each call's method, before the call is made. It must not take long. Default: nobody is told. */
  readonly onCall?: (method: DescMethod) => void;
  /** Logs retries at `debug`, and at `warn` the circuit breakers that open. */
  readonly logger?: Logger;
  /** Who calls: instances are called with its certificate, and must show theirs. Default: none, in plaintext. */
  readonly identity?: ClientIdentity | undefined;
}

interface ClientOptions {
  /** Interceptors of this client, around those of all clients. */
  readonly interceptors?: readonly Interceptor[];
  /** Which instances its calls go to: `{ version: "2" }`, `{ tags: ["canary"] }`, a datacenter. Default all. */
  readonly instances?: InstanceQuery;
  /**
   * Of clients within a call: whether their calls bring the token that the call brought, so that they are made for its
   * user. Whoever gets it can be that user until it is over. Tells never bring it. Default false.
   */
  readonly forwardUser?: boolean;
}

/** Makes typed clients. */
interface ClientFactory {
  /**
   * A client of a service: `client(InventoryService).reserve({ sku, quantity })`. Each call picks a live instance;
   * failures are `ConnectError`s, and `errorDetail(error)` says more about them. It fails with the detail
   * `SAMSPEL_NO_INSTANCE` when there is none within the deadline.
   *
   * Leaving the loop over a stream, by `break` or a throw, cancels its call; one that is never read goes on until the
   * signal that you gave aborts.
   */
  client<S extends DescService>(this: void, service: S, options?: ClientOptions): Client<S>;
}

/** The clients of a process, and their connections. */
export interface Clients extends ClientFactory, AsyncDisposable {
  /** Clients for use inside a handler: their calls inherit what is left of its deadline, its signal and its trace. */
  within(this: void, context: CallContext): ClientFactory;
  /** Closes all connections; calls in flight fail. */
  close(): Promise<void>;
}

/**
 * Creates the clients of a process; nothing connects before the first call.
 *
 * Retries (C2): a call is sent again, up to three times in all where its policy says nothing else and within its deadline,
 * when it provably never reached a handler, or when it failed with `Unavailable` and its method is `NO_SIDE_EFFECTS` or
 * `IDEMPOTENT`; per service at most 10 retries a second and one for five calls. An instance at which a method fails gets
 * none of its calls for a while (C4).
 */
export function createClients(options: ClientsOptions): Clients {
  const { registry, logger, timeoutMs, policies = defaultPolicies() } = options;
  if (timeoutMs !== undefined && !(timeoutMs >= 1))
    throw new RangeError(`Cannot use timeoutMs as it must be 1 at least: current value is ${timeoutMs}`);
  const tracing = createTracing();
  const environments = createEnvironments({
    registry,
    policies,
    timeoutMs,
    zone: zoneOf(options),
    logger,
    identity: options.identity,
  });
  const transportOf = (query: InstanceQuery | undefined): Transport => {
    const routing = createRoutingTransport({
      environment: (service) => environments.of(service, query),
      onCall: options.onCall ?? (() => {}),
    });
    const spanned = tracing === undefined ? routing : withSpans(routing, tracing);
    return intercepted(spanned, options.interceptors ?? []);
  };
  const outer = transportOf(undefined);
  const outerOf = (query: InstanceQuery | undefined): Transport =>
    query === undefined ? outer : transportOf(query);
  const close = async (): Promise<void> => environments.close();

  return {
    ...clientsOver(policies, (query, forwardsUser) => {
      if (forwardsUser)
        throw new TypeError("Cannot forward a user outside of a call: use clients within one");
      return outerOf(query);
    }),
    within: (context) =>
      clientsOver(policies, (query, forwardsUser) => inheriting(outerOf(query), context, forwardsUser)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

type TransportOf = (query: InstanceQuery | undefined, forwardsUser: boolean) => Transport;

function clientsOver(policies: Policies, transportOf: TransportOf): ClientFactory {
  return {
    client(service, options) {
      // What its file says wrongly is told here, and not by its first call.
      policies.ofService(service);
      const routed = transportOf(options?.instances, options?.forwardUser === true);
      const transport = intercepted(routed, options?.interceptors ?? []);
      return createEndingClient(service, transport);
    },
  };
}
