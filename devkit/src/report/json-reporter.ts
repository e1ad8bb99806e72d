// Tells a run to programs: one JSON object a line.
import type { Dev } from "../dev/index.ts";
import type { InfraStep } from "../infra/index.ts";
import type { Output, RunReporter } from "./run-reporter.ts";

/** Each object has a `type`: step, event types of the run, ready, notice, error. */
export function createJsonReporter(output: Output): RunReporter {
  const tell = (value: Readonly<Record<string, unknown>>): void =>
    void output.write(`${JSON.stringify(value)}\n`);
  return {
    step(name): InfraStep {
      const startedAt = performance.now();
      const at = (status: string) => (text: string) =>
        tell({ type: "step", name, status, text, elapsedMs: Math.round(performance.now() - startedAt) });
      return { progress: at("progress"), done: at("done"), fail: at("failed") };
    },
    event: (event) => tell({ ...event }),
    ready: (dev, tookMs) => tell({ type: "ready", tookMs: Math.round(tookMs), ...described(dev) }),
    notice: (text) => tell({ type: "notice", text }),
    error: (text) => tell({ type: "error", text }),
    close() {},
  };
}

function described(dev: Dev): Readonly<Record<string, unknown>> {
  return {
    name: dev.project.name,
    services: dev.services.map(({ name, host, port, url, pid, instance, state }) => {
      return {
        name,
        host,
        port,
        url,
        pid,
        state,
        protoServices: instance?.protoServices,
        meta: instance?.meta,
      };
    }),
    infra: dev.infra.describe(),
    gateway: dev.gatewayUrl,
    dashboard: dev.dashboardUrl,
    problems: dev.system.problems(),
    try: dev.tryCommands,
  };
}
