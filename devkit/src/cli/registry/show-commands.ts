// `samspel registry ls` and `samspel registry show`.
import { summarize, viewService, type ServiceView } from "../../registry-view/index.ts";
import type { ExitCode, Tools } from "./run.ts";

export async function list({ registry, printer, json }: Tools): Promise<ExitCode> {
  const services = summarize(await registry.states());
  if (json) {
    printer.line(JSON.stringify({ services }));
    return 0;
  }
  printer.table(
    ["service", "instances", "version", "language", "tls", "proto services"],
    services.map(({ name, instances, versions, languages, secure, protoServices }) => [
      name,
      healthText(instances),
      orDash(versions),
      orDash(languages),
      secure,
      protoServices.length === 0 ? "–" : protoServices,
    ]),
    `no services are in the registry at ${registry.url}`,
  );
  return 0;
}

export async function show({ registry, printer, json }: Tools, service: string): Promise<ExitCode> {
  const view = await viewService(registry, service);
  if (json) printer.line(JSON.stringify(view));
  else tell(view, printer);
  return 0;
}

function tell({ instances, protoServices, callers }: ServiceView, printer: Tools["printer"]): void {
  printer.table(
    ["instance", "address", "health", "version", "language", "zone", "tls", "descriptors"],
    instances.map(({ id, address, port, health, meta }) => [
      id,
      `${address}:${port}`,
      health,
      meta["version"] || "–",
      meta["lang"] || "–",
      meta["zone"] || "–",
      meta["secure"] === "true" ? "yes" : "no",
      meta["descriptor_sha256"]?.slice(0, 12) || "–",
    ]),
    "",
  );
  for (const { id, health, checks } of instances) {
    if (health === "passing") continue;
    for (const { name, status, output } of checks) {
      if (status !== "passing") printer.line(`${id}: ${name} is ${status}: ${output}`);
    }
  }
  for (const { name, versions, methods, from } of protoServices) {
    const of = versions.filter((version) => version !== "").join(", ");
    printer.line("");
    printer.line(of === "" ? name : `${name} (version ${of})`);
    printer.table(
      ["method", "request", "response", "options"],
      methods.map((method) => [
        method.name,
        method.request,
        method.response,
        method.options.join(", ") || "–",
      ]),
      `its methods are not known: ${from}`,
    );
  }
  printer.line("");
  printer.table(
    ["caller", "version", "calls", "methods", "last seen"],
    callers.map(({ caller, version, protoService, methods, seenAt }) => [
      caller,
      version || "–",
      protoService,
      methods.join(", "),
      seenAt.toISOString(),
    ]),
    "no caller of record",
  );
}

/** `2 passing, 1 critical`; what there is none of is left out. */
function healthText(instances: Readonly<Record<string, number>>): string {
  const some = Object.entries(instances).filter(([, count]) => count > 0);
  return some.map(([health, count]) => `${count} ${health}`).join(", ");
}

function orDash(values: readonly string[]): string {
  return values.join(", ") || "–";
}
