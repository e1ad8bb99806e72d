// What `samspel dev` starts beside the services.
import type { Companions } from "../dev/index.ts";

const available: Companions = {};

/** The collector, the gateway and the dashboard, but for those that the command line leaves out. */
export function companionsFor(wanted: {
  readonly gateway: boolean;
  readonly dashboard: boolean;
}): Companions {
  const { startGateway, startDashboard, ...others } = available;
  return {
    ...others,
    ...(wanted.gateway && startGateway !== undefined ? { startGateway } : {}),
    ...(wanted.dashboard && startDashboard !== undefined ? { startDashboard } : {}),
  };
}
