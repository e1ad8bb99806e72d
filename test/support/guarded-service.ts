// GuardedService as a test starts it, and clients of it with an identity.
import { createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import type { DescService } from "@bufbuild/protobuf";
import { createRegistry } from "@samspel/registry";
import {
  callerOf,
  serve,
  startService,
  type RunningService,
  type ServiceOptions,
  type Serving,
} from "@samspel/runtime";
import { setTimeout as sleep } from "node:timers/promises";
import type { Test } from "tap";
import { GuardedService } from "../gen/samspel/test/v1/guarded_pb.ts";
import { createClients, type Clients } from "../../ts-runtime/src/client/index.ts";
import { openIdentity } from "../../registry/src/index.ts";
import type { Shown } from "./certificate-authority.ts";
import { recordingLogger, type LogLine } from "./recording-logger.ts";

export interface Guarded {
  readonly service: RunningService;
  readonly lines: readonly LogLine[];
  /** How many calls of Who that take time run now. */
  readonly slowCalls: () => number;
}

function guarded(onSlow: (change: 1 | -1) => void): Serving {
  return serve(GuardedService, {
    async who({ takesMs }, context) {
      if (takesMs > 0) {
        onSlow(1);
        await sleep(takesMs, undefined, { signal: context.signal }).finally(() => onSlow(-1));
      }
      const caller = callerOf(context);
      return caller.type === "service" ? { service: caller.service, spiffeId: caller.spiffeId } : {};
    },
    forFriend: () => ({}),
    forServices: () => ({}),
    forNobody: () => ({}),
    async *follow(_, { signal }) {
      for (let number = 1; ; number++) {
        yield { number };
        await sleep(20, undefined, { signal });
      }
    },
  });
}

/** Starts a service that serves GuardedService; with an identity, unless the options say otherwise. */
export async function startGuarded(
  t: Test,
  options: Pick<ServiceOptions, "name" | "registryUrl"> & Partial<ServiceOptions>,
): Promise<Guarded> {
  const { logger, lines } = recordingLogger();
  let slowCalls = 0;
  const service = await startService({
    identity: "consul",
    services: [guarded((change) => (slowCalls += change))],
    ownsProcess: false,
    logger,
    host: "127.0.0.1",
    port: 0,
    ...options,
  });
  t.teardown(() => service.stop());
  return { service, lines, slowCalls: () => slowCalls };
}

/** Clients of a service, by what the registry says. */
export async function clientsAs(
  t: Test,
  registryUrl: string,
  service: string | undefined,
  mode: "strict" | "permissive" = "strict",
): Promise<Clients> {
  const registry = createRegistry({ url: registryUrl });
  t.teardown(() => registry.close());
  const identity = service === undefined ? undefined : await openIdentity({ registry, service });
  const clients = createClients({
    registry,
    timeoutMs: 5_000,
    identity: identity === undefined ? undefined : { identity, mode },
  });
  t.teardown(() => clients.close());
  return clients;
}

/** A client that shows what it is given, and takes every server's certificate: for the server's side alone. */
export function clientShowing<S extends DescService>(
  { port }: Pick<RunningService, "port">,
  shown: Shown | undefined,
  service: S,
): Client<S> {
  return createClient(
    service,
    createGrpcTransport({
      baseUrl: `https://127.0.0.1:${port}`,
      defaultTimeoutMs: 5_000,
      nodeOptions: { rejectUnauthorized: false, ...shown },
    }),
  );
}
