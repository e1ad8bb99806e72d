// The run as the dashboard sees it: gathered from what the parts know.
import type { UnmanagedService } from "../config/index.ts";
import type { Infra, InfraPartName } from "../infra/index.ts";
import type { OutputLine } from "../process/index.ts";
import { DevError } from "./dev-error.ts";
import type { DevServiceState, DevSystem } from "./dev-system.ts";
import { createOutputMemory, type OutputListener } from "./output-memory.ts";
import type { Problems } from "./problems.ts";
import type { Roster } from "./roster.ts";
import type { ServiceRunner } from "./service-runner.ts";

export interface SystemParts {
  readonly name: string;
  readonly roster: Pick<Roster, "runners" | "configuration">;
  readonly unmanaged: () => readonly UnmanagedService[];
  readonly infra: Infra;
  readonly problems: Problems;
  readonly news: News;
  /** The folders of the project's proto files. */
  readonly protoFolders: () => readonly string[];
}

/** Tells listeners what happens; each part of the run tells it. */
export interface News {
  readonly down: ReadonlySet<InfraPartName>;
  changed(): void;
  output(service: string, line: OutputLine): void;
  infra(name: InfraPartName, up: boolean): void;
  onChange(listener: () => void): () => void;
  /** Tells what was written before to the first who listens. */
  onOutput(listener: OutputListener): () => void;
}

/** Creates news that nobody hears yet. Changes of one turn of the event loop are told once. */
export function createNews(): News {
  const changes = new Set<() => void>();
  const outputs = new Set<OutputListener>();
  const before = createOutputMemory();
  const listenToOutputs = listenIn(outputs);
  const down = new Set<InfraPartName>();
  let told = true;
  const changed = (): void => {
    if (!told) return;
    told = false;
    setImmediate(() => {
      told = true;
      for (const listener of changes) listener();
    });
  };
  return {
    down,
    changed,
    output(service, line) {
      const atMs = Date.now();
      before.add(service, line, atMs);
      for (const listener of outputs) listener(service, line, atMs);
    },
    infra(name, up) {
      if (up) down.delete(name);
      else down.add(name);
      changed();
    },
    onChange: listenIn(changes),
    onOutput(listener) {
      before.handOver(listener);
      return listenToOutputs(listener);
    },
  };
}

const listenIn =
  <Listener>(listeners: Set<Listener>) =>
  (listener: Listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };

/** Creates the system of a run. */
export function createSystem(parts: SystemParts): DevSystem {
  const { name, roster, unmanaged, infra, problems, news, protoFolders } = parts;
  const began = new Date();
  const managed = (service: string): ServiceRunner => {
    const { runners } = roster;
    const runner = runners.find((candidate) => candidate.name === service);
    if (runner !== undefined) return runner;
    const names = [...runners, ...unmanaged()].map(({ name }) => name);
    throw new DevError(
      names.includes(service)
        ? `${service} is started by others: it cannot be controlled from here`
        : `No service is named ${service}: there are ${names.join(", ")}`,
    );
  };
  return {
    name,
    controllable: true,
    services: () =>
      [
        ...roster.runners.map(managedState),
        ...unmanaged().map((service) => unmanagedState(service, began)),
      ].sort((one, other) => (one.name < other.name ? -1 : 1)),
    problems: () => problems.list(),
    infra: () =>
      infra.describe().map((part) => ({
        name: part.name,
        url: part.redactedUrl,
        description: part.description,
        up: !news.down.has(part.name),
      })),
    onChange: (listener) => news.onChange(listener),
    onOutput: (listener) => news.onOutput(listener),
    protoFolders,
    async control(service, action) {
      const runner = managed(service);
      if (action === "stop") return runner.stop();
      // One that is ready is started.
      if (action === "restart" || runner.state !== "ready") await runner.restart();
    },
    configuration: (service) => {
      managed(service);
      return roster.configuration(service);
    },
  };
}

function managedState({ name, state, host, port, pid, since, crashes }: ServiceRunner): DevServiceState {
  return { name, status: state, managed: true, host, port, pid, since, crashes };
}

/** Whether it is there the registry knows. */
function unmanagedState({ name, place }: UnmanagedService, since: Date): DevServiceState {
  return {
    name,
    status: "ready",
    managed: false,
    host: place?.address ?? "",
    port: place?.port ?? 0,
    pid: undefined,
    since,
    crashes: 0,
  };
}
