// Starts what stands beside the services, and closes it. None of it is needed to work, so one that does not start is a
// problem, and not the end of the run.
import type { BesideDefinition } from "../config/index.ts";
import type { Collector } from "../collector/index.ts";
import { blockPort, freePort, thisOrFreePort } from "../process/index.ts";
import type { Companion } from "./companions.ts";
import type { DevSystem } from "./dev-system.ts";
import { problemOf, type Problems } from "./problems.ts";
import type { ResolvedDevOptions } from "./resolve-options.ts";

export interface RunningCompanions {
  readonly gatewayUrl: string | undefined;
  readonly dashboardUrl: string | undefined;
  close(): Promise<void>;
}

type Resolved = Pick<
  ResolvedDevOptions,
  "project" | "companions" | "host" | "ports" | "inherited" | "reporter"
>;

/** The collector comes first: services send to it from their start. */
export async function startCollector(resolved: Resolved, problems: Problems): Promise<Collector | undefined> {
  const { startCollector: start } = resolved.companions;
  if (start === undefined) return undefined;
  return beside("collector", resolved, problems, async () => start(await placeOf("collector", resolved)));
}

/** Starts the gateway, then the dashboard. */
export async function startCompanions(
  resolved: Resolved,
  problems: Problems,
  parts: {
    readonly system: DevSystem;
    readonly collector: Collector | undefined;
    readonly infra: { readonly registryUrl: string; readonly natsUrl: string };
  },
): Promise<RunningCompanions> {
  const { startGateway, startDashboard } = resolved.companions;
  const { system, collector, infra } = parts;
  const { registryUrl, natsUrl } = infra;
  const gateway =
    startGateway === undefined || !resolved.project.gateway.enabled
      ? undefined
      : await beside("gateway", resolved, problems, async () => {
          const place = await placeOf("gateway", resolved);
          const identity = resolved.inherited["SAMSPEL_IDENTITY"] === "consul" ? "consul" : "none";
          const onLine = (text: string): void =>
            resolved.reporter.event({ type: "output", service: "gateway", line: { stream: "stdout", text } });
          return startGateway({ ...place, registryUrl, identity, collectorUrl: collector?.url, onLine });
        });
  const dashboard =
    startDashboard === undefined || !resolved.project.dashboard.enabled
      ? undefined
      : await beside("dashboard", resolved, problems, async () => {
          const place = await placeOf("dashboard", resolved);
          return startDashboard({
            ...place,
            system,
            collector,
            registryUrl,
            natsUrl,
            gatewayUrl: gateway?.url,
          });
        });
  return {
    gatewayUrl: gateway?.url,
    dashboardUrl: dashboard?.url,
    async close() {
      await dashboard?.close();
      await gateway?.close();
    },
  };
}

async function beside<C extends Companion>(
  name: string,
  { project, reporter }: Resolved,
  problems: Problems,
  start: () => Promise<C>,
): Promise<C | undefined> {
  const step = reporter.step(name);
  try {
    const companion = await start();
    step.done(companion.url);
    return companion;
  } catch (error) {
    step.fail("did not start");
    problems.set(problemOf(error, { service: name, kind: "start", dir: project.dir }));
    return undefined;
  }
}

// The last of a block, as infra has the first ones of its own.
const places = { collector: 7, gateway: 8, dashboard: 9 } as const;

/** The configured port; else the same in each run, unless another one has it. */
async function placeOf(name: "collector" | "gateway" | "dashboard", { project, host, ports }: Resolved) {
  const configured: BesideDefinition | undefined = name === "collector" ? undefined : project[name];
  const port =
    configured?.port ??
    (ports === "free"
      ? await freePort(host)
      : await thisOrFreePort(blockPort(project.name, places[name]), host));
  return { host, port };
}
