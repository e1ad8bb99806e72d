// The calls of who passes on what others call: any method that descriptors tell of, as messages or as bytes.
import type { Transport } from "@connectrpc/connect";
import { defaultPolicies, type Policies } from "../policy/index.ts";
import { createTracing, type Logger, type Tracing } from "../telemetry/index.ts";
import { withSpans } from "./client-spans.ts";
import { createEnvironments } from "./environments.ts";
import type { InstanceSource } from "./instance-source.ts";
import { callRaw, type RawRequest, type RawResponse } from "./raw-calls.ts";
import { inSpan } from "./raw-spans.ts";
import { createRoutingTransport } from "./routing-transport.ts";
import type { ClientIdentity } from "./security.ts";
import { zoneOf } from "./zone.ts";

export interface ProxyCallsOptions {
  /** Where instances are found; not closed with the calls. */
  readonly registry: InstanceSource;
  /** The deadline of unary and client-streaming calls that come without one. */
  readonly timeoutMs: number;
  /** What holds for calls. Default: the defaults. What is passed on as bytes is not hedged. */
  readonly policies?: Policies | undefined;
  /** Where the process runs. Default: `SAMSPEL_ZONE`, else nowhere in particular. */
  readonly zone?: string | undefined;
  readonly logger?: Logger | undefined;
  readonly identity?: ClientIdentity | undefined;
  /** Makes a span of each call. Default: by the process's provider, where it has one. */
  readonly tracing?: Tracing | undefined;
}

/**
 * Calls that hold: where no instance can be reached, they wait for one until their deadline. Else they are retried as
 * those of `createClients`.
 */
export interface ProxyCalls {
  /** Calls with messages. */
  readonly transport: Transport;
  /** Calls with the bytes of gRPC. */
  readonly raw: (request: RawRequest) => Promise<RawResponse>;
  /** Closes all connections; calls in flight fail. */
  close(): void;
}

export function createProxyCalls(options: ProxyCallsOptions): ProxyCalls {
  const environments = createEnvironments({
    ...options,
    policies: options.policies ?? defaultPolicies(),
    zone: zoneOf(options),
    holds: true,
  });
  const tracing = options.tracing ?? createTracing();
  const routing = createRoutingTransport({
    environment: (service) => environments.of(service),
    onCall: () => {},
  });
  const raw = (request: RawRequest): Promise<RawResponse> =>
    callRaw(environments.of(request.method.parent), request);
  return {
    transport: tracing === undefined ? routing : withSpans(routing, tracing),
    raw: tracing === undefined ? raw : (request) => inSpan(request, tracing, raw),
    close: environments.close,
  };
}
