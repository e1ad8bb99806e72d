// DoorService as a test starts it: it says who it takes its visitors for.
import type { HandlerContext } from "@connectrpc/connect";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import {
  principalOf,
  serve,
  startService,
  type PrincipalSource,
  type RunningService,
  type ServiceOptions,
  type Serving,
} from "@samspel/runtime";
import { setTimeout as sleep } from "node:timers/promises";
import type { Test } from "tap";
import {
  DoorService,
  PorterService,
  WindowService,
  type VisitorSchema,
} from "../gen/samspel/test/v1/door_pb.ts";
import { recordingLogger, type LogLine } from "./recording-logger.ts";

type Visitor = MessageInitShape<typeof VisitorSchema>;

function visitorOf(context: PrincipalSource): Visitor {
  const principal = principalOf(context);
  if (principal.type === "user") {
    const { subject: name, via = "", claims } = principal;
    const { mail } = claims;
    return { type: "user", name, via, mail: typeof mail === "string" ? mail : "" };
  }
  return principal.type === "service" ? { type: "service", name: principal.name } : { type: "anonymous" };
}

const visit = (_: unknown, context: HandlerContext): { visitor: Visitor } => ({
  visitor: visitorOf(context),
});

export const door: Serving = serve(DoorService, {
  knock: visit,
  visit,
  lock: () => ({}),
  clean: () => ({}),
  async *watch(_, context) {
    for (;;) {
      yield { visitor: visitorOf(context) };
      await sleep(20, undefined, { signal: context.signal });
    }
  },
});

export const porter: Serving = serve(PorterService, ({ clientsWithin }) => ({
  async lead({ asUser }, context) {
    const client = clientsWithin(context).client(DoorService, { forwardUser: asUser });
    const { visitor } = await client.visit({});
    return visitor === undefined ? {} : { visitor };
  },
}));

export const window: Serving = serve(WindowService, { glance: () => ({}) });

export interface Doors {
  readonly service: RunningService;
  readonly lines: readonly LogLine[];
  readonly registryUrl: string;
}

/** Starts a service with a door, and a registry unless the options name one. */
export async function startDoors(t: Test, options: Partial<ServiceOptions> = {}): Promise<Doors> {
  const { logger, lines } = recordingLogger();
  let { registryUrl } = options;
  if (registryUrl === undefined) {
    const registry = await startEmbeddedRegistry();
    t.teardown(() => registry.close());
    registryUrl = registry.url;
  }
  const service = await startService({
    name: "doors",
    services: [door],
    ownsProcess: false,
    logger,
    registryUrl,
    ...options,
  });
  t.teardown(() => service.stop());
  return { service, lines, registryUrl };
}

/** Runs with other variables, as long as the test lasts. */
export function setEnvironment(t: Test, variables: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(variables)) {
    const before = process.env[name];
    process.env[name] = value;
    t.teardown(() => {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    });
  }
}
