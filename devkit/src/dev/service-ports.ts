// Which port each service gets, and one clear error where it cannot have it.
import { setTimeout as sleep } from "node:timers/promises";
import type { Project, ServiceDefinition } from "../config/index.ts";
import { freePort, inspectPort, stablePort, type PortState } from "../process/index.ts";
import { DevError } from "./dev-error.ts";

// What a killed run leaves is ended by its guard: that takes a moment, in which a new run may come.
const releaseTimeoutMs = 1500;
const retryMs = 50;

/**
 * The port of each service by name: the configured one, else the one that it had, else by the policy.
 *
 * @param own the ports that the services of the run have already.
 * @throws DevError that names the port, the service, who has it, and the fix.
 */
export async function assignPorts(
  project: Project,
  policy: "stable" | "free",
  host: string,
  own: ReadonlyMap<string, number> = new Map(),
): Promise<ReadonlyMap<string, number>> {
  const ports = new Map<string, number>();
  for (const { name, port } of project.services) if (port !== undefined) ports.set(name, port);
  for (const { name } of project.services) {
    const had = own.get(name);
    if (had !== undefined && !ports.has(name) && ![...ports.values()].includes(had)) ports.set(name, had);
  }
  for (const { name } of project.services) {
    if (!ports.has(name))
      ports.set(name, policy === "free" ? await freePort(host) : nextStable(project, name, ports));
  }
  const problems = await Promise.all(
    project.services
      .filter(({ name }) => ports.get(name) !== own.get(name))
      .map((service) => taken(project, service, ports.get(service.name), host)),
  );
  const found = problems.filter((problem) => problem !== undefined);
  if (found.length > 0) throw new DevError(found.join("\n"));
  return ports;
}

/** Two names of one project may fall on the same port: the later one takes the next. */
function nextStable(project: Project, name: string, ports: ReadonlyMap<string, number>): number {
  const others = new Set(ports.values());
  let port = stablePort(`${project.name}/${name}`);
  while (others.has(port)) port++;
  return port;
}

async function taken(
  project: Project,
  { name, port: configured }: ServiceDefinition,
  port: number | undefined,
  host: string,
): Promise<string | undefined> {
  if (port === undefined) return undefined;
  let state: PortState;
  try {
    state = await freeSoon(port, host);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `Cannot start ${name} on port ${port}: ${reason}. Change services.${name}.port in ${project.file}`;
  }
  if (state.type === "free") return undefined;
  const holder = state.by === undefined ? "another process" : `\`${state.by.command}\` (pid ${state.by.pid})`;
  return (
    `Cannot start ${name} on port ${port}: ${holder} listens there. ` +
    `Stop it, or ${configured === undefined ? "set" : "change"} services.${name}.port in ${project.file}`
  );
}

/** The port's state as soon as it is free, or when the time is over. */
async function freeSoon(port: number, host: string): Promise<PortState> {
  const deadline = performance.now() + releaseTimeoutMs;
  for (;;) {
    const state = await inspectPort(port, host);
    if (state.type === "free" || performance.now() > deadline) return state;
    await sleep(retryMs);
  }
}
