// A dashboard over a system that a test says, and what happened in it.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, type Client } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { createRegistry, type Registry } from "@samspel/registry";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import { DashboardService } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import type { Test } from "tap";
import { startCollector, type Collector } from "../../../devkit/src/collector/index.ts";
import {
  startDashboard,
  type Dashboard,
  type DashboardOptions,
} from "../../../devkit/src/dashboard/index.ts";
import type { DevProblem, DevServiceState, DevSetting, DevSystem } from "../../../devkit/src/dev/index.ts";
import { DevError } from "../../../devkit/src/dev/index.ts";

/** A system that a test changes. */
export interface FakeSystem extends DevSystem {
  set(services: readonly DevServiceState[], problems?: readonly DevProblem[]): void;
  write(service: string, text: string): void;
  /** What was asked for: `restart cart`. */
  readonly controlled: readonly string[];
}

export function fakeSystem(
  settings: readonly DevSetting[] = [],
  protoFolders: readonly string[] = [],
): FakeSystem {
  const changed = new Set<() => void>();
  const heard = new Set<Parameters<DevSystem["onOutput"]>[0]>();
  const controlled: string[] = [];
  let services: readonly DevServiceState[] = [];
  let problems: readonly DevProblem[] = [];
  return {
    name: "test",
    controllable: true,
    services: () => services,
    problems: () => problems,
    infra: () => [
      {
        name: "postgres",
        url: "postgres://me:secret@127.0.0.1/db",
        description: "PostgreSQL 18",
        up: true,
      },
    ],
    onChange(listener) {
      changed.add(listener);
      return () => changed.delete(listener);
    },
    onOutput(listener) {
      heard.add(listener);
      return () => heard.delete(listener);
    },
    protoFolders: () => protoFolders,
    async control(service, action) {
      if (service === "broken") throw new DevError("broken does not get ready: it says why");
      controlled.push(`${action} ${service}`);
    },
    configuration(service) {
      if (!services.some(({ name }) => name === service)) throw new DevError(`no ${service}`);
      return settings;
    },
    set(next, wrong = []) {
      services = next;
      problems = wrong;
      for (const listener of changed) listener();
    },
    write(service, text) {
      for (const listener of heard) listener(service, { stream: "stdout", text }, Date.now());
    },
    controlled,
  };
}

/** A service that the system runs. */
export function runningService(name: string, more: Partial<DevServiceState> = {}): DevServiceState {
  return {
    name,
    status: "ready",
    managed: true,
    host: "127.0.0.1",
    port: 1,
    pid: 42,
    since: new Date(1_767_225_600_000),
    crashes: 0,
    ...more,
  };
}

export interface DashboardFixture {
  readonly registry: Registry;
  readonly registryUrl: string;
  readonly system: FakeSystem;
  readonly collector: Collector;
  readonly dashboard: Dashboard;
  /** Where it is, without a token. */
  readonly url: string;
  readonly client: Client<typeof DashboardService>;
}

/** Starts a dashboard over a registry of its own; all ends with the test. */
export async function startFixture(
  t: Test,
  options: Partial<DashboardOptions> & {
    readonly settings?: readonly DevSetting[];
    readonly protoFolders?: readonly string[];
  } = {},
): Promise<DashboardFixture> {
  const embedded = await startEmbeddedRegistry();
  t.teardown(() => embedded.close());
  const registry = createRegistry({ url: embedded.url });
  t.teardown(() => registry.close());
  const system = fakeSystem(options.settings, options.protoFolders);
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const dashboard = await startDashboard({
    system,
    collector,
    registryUrl: embedded.url,
    port: 0,
    assets: await pages(t),
    ...options,
  });
  t.teardown(() => dashboard.close());
  const url = new URL(dashboard.url).origin;
  const client = createClient(DashboardService, createConnectTransport({ baseUrl: url, httpVersion: "1.1" }));
  return { registry, registryUrl: embedded.url, system, collector, dashboard, url, client };
}

/** A folder with an index, a script and a file that is not to be had. */
async function pages(t: Test): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "samspel-pages-"));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  await writeFile(join(root, "index.html"), "<!doctype html><title>pages</title>");
  await writeFile(join(root, "app-3F2A9B1C.js"), `// ${"x".repeat(2_000)}`);
  await writeFile(join(root, "icon.svg"), "<svg/>");
  return root;
}
