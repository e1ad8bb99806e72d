// Runs a dashboard until a signal.
import { randomBytes } from "node:crypto";
import { RegistryError } from "@samspel/registry";
import { startCollector } from "../../collector/index.ts";
import { startDashboard } from "../../dashboard/index.ts";
import { blockPort, thisOrFreePort } from "../../process/index.ts";
import { listenForEndSignals } from "../end-signals.ts";

/** What the command line says. */
export interface DashboardFlags {
  readonly registry: string;
  readonly port: number | undefined;
  readonly host: string;
  readonly token?: string;
  readonly allowHost: readonly string[];
  readonly nats?: string;
  readonly topicPrefix: string;
  readonly otlpPort?: number;
  readonly gateway?: string;
  readonly assets?: string;
  readonly json: boolean;
}

/** Resolves with the exit code. */
export async function runDashboard(flags: DashboardFlags): Promise<number> {
  const {
    registry: registryUrl,
    host,
    allowHost,
    nats,
    topicPrefix,
    otlpPort,
    gateway,
    assets,
    json,
  } = flags;
  const say = (text: string, value: Readonly<Record<string, unknown>>): void =>
    void process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${text}\n`);
  const signals = listenForEndSignals();
  try {
    await using cleanUp = new AsyncDisposableStack();
    const collector =
      otlpPort === undefined
        ? undefined
        : cleanUp.adopt(await startCollector({ port: otlpPort }), (open) => open.close());
    const dashboard = cleanUp.use(
      await startDashboard({
        registryUrl,
        host,
        port: flags.port ?? (await thisOrFreePort(blockPort("samspel", 9), host)),
        token: flags.token ?? (isLoopback(host) ? undefined : randomBytes(24).toString("base64url")),
        allowedHosts: allowHost,
        natsUrl: nats,
        topicPrefix,
        collector,
        gatewayUrl: gateway,
        assets,
      }),
    );
    say(`The dashboard of ${registryUrl} is at ${dashboard.url}`, {
      type: "ready",
      url: dashboard.url,
      collectorUrl: collector?.url,
    });
    if (collector !== undefined && !json) {
      say(
        `Spans go to ${collector.url}: start services with OTEL_EXPORTER_OTLP_ENDPOINT=${collector.url}`,
        {},
      );
    }
    await signals.first;
    return 0;
  } catch (error) {
    const text = explain(error);
    if (json) say("", { type: "error", text });
    else console.error(text);
    return 1;
  } finally {
    signals.close();
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

/** What is wrong with a setting or a port says all in its message; anything else is a defect, and its stack helps. */
function explain(error: unknown): string {
  if (error instanceof RegistryError || error instanceof RangeError) return error.message;
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
