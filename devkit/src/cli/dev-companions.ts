// What `samspel dev` starts beside the services.
import { createLogger } from "@samspel/runtime/proxy";
import type { Companions } from "../dev/index.ts";

const available: Companions = {
  async startGateway({ host, port, registryUrl }) {
    const { startGateway } = await import("../gateway/index.ts");
    const logger = createLogger({ service: "gateway", level: "warn" });
    // A page of any development server may call it, and tools may look.
    return startGateway({
      host,
      port,
      registryUrl,
      logger,
      cors: { origins: ["*"] },
      reflection: true,
      accessLog: false,
      drainMs: 1_000,
    });
  },
};

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
