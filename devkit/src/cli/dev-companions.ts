// What `samspel dev` starts beside the services. Each is loaded when it is started: the services need not wait for it.
import type { Companions } from "../dev/index.ts";

/** The collector, the gateway and the dashboard, but for those that the command line leaves out. */
export function companionsFor(wanted: {
  readonly gateway: boolean;
  readonly dashboard: boolean;
}): Companions {
  return {
    async startCollector(place) {
      const { startCollector } = await import("../collector/index.ts");
      return startCollector(place);
    },
    ...(wanted.gateway ? { startGateway } : {}),
    ...(wanted.dashboard ? { startDashboard } : {}),
  };
}

/** The run is to be ready soon: what loads for traces waits until then. */
const tracedAfterMs = 500;

const startGateway: NonNullable<Companions["startGateway"]> = async ({
  onLine,
  collectorUrl,
  ...options
}) => {
  const [gateway, { createLogger, openTracing }] = await Promise.all([
    import("../gateway/index.ts"),
    import("@samspel/runtime/proxy"),
  ]);
  const logger = createLogger({ service: "gateway", level: "warn", write: (line) => onLine(line.trimEnd()) });
  await using begun = new AsyncDisposableStack();
  // Not for the whole process: what the run itself asks of its services is no traffic of the system.
  const own =
    collectorUrl === undefined
      ? undefined
      : begun.use(openTracing({ service: "gateway", collectorUrl, logger, afterMs: tracedAfterMs }));
  const started = await gateway.startGateway({
    ...options,
    logger,
    ...(own === undefined ? {} : { tracing: own.tracing }),
    // A page of any development server may call it, and tools may look.
    cors: { origins: ["*"] },
    reflection: true,
    accessLog: false,
    // Who stops a run does not wait for callers from outside.
    drainMs: 500,
  });
  begun.defer(() => started.close());
  const parts = begun.move();
  return { url: started.url, close: () => parts.disposeAsync() };
};

const startDashboard: NonNullable<Companions["startDashboard"]> = async (options) => {
  const dashboard = await import("../dashboard/index.ts");
  return dashboard.startDashboard(options);
};
