// Exports spans by OTLP where the environment says so: a tracer provider with a batching exporter, of OpenTelemetry's
// own packages.
//
// Invariants:
//   E1. Without `OTEL_EXPORTER_OTLP_ENDPOINT`, and where the process has a provider of its own, nothing is loaded.
//   E2. A collector that is away costs one line in the log, and spans; never a call, and no more than 2 s of a stop.
import { context, propagation, trace } from "@opentelemetry/api";
import { readExportSettings } from "./export-settings.ts";
import type { Logger } from "./logger.ts";
import { isTraced } from "./tracing.ts";

const flushWithinMs = 2_000;

export interface StartExportOptions {
  /** The service's name, unless `OTEL_SERVICE_NAME` says another. */
  readonly service: string;
  readonly version: string | undefined;
  readonly logger: Logger;
  /** Default: the process's. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Starts exporting, if it is wanted (E1). When it is disposed of, what is left has been sent, or 2 s are over (E2). */
export async function startExport(options: StartExportOptions): Promise<AsyncDisposable | undefined> {
  const { service, version, logger, environment = process.env } = options;
  if (isTraced()) return undefined;
  const settings = readExportSettings(environment, (message) => logger.warn(message));
  if (settings === undefined) return undefined;
  const { openGlobalProvider } = await import("./otlp.ts");
  const provider = await openGlobalProvider({
    ...settings,
    service: settings.serviceName ?? service,
    version,
    logger,
  });
  return {
    async [Symbol.asyncDispose]() {
      await provider.close(flushWithinMs);
      trace.disable();
      context.disable();
      propagation.disable();
    },
  };
}
