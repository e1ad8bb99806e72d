// The options of a run, complete: option, else environment, else default.
import { join } from "node:path";
import { loadProject, type Project } from "../config/index.ts";
import { superviseProcesses, type Supervisor } from "../process/index.ts";
import type { Companions } from "./companions.ts";
import type { DevOptions, DevReporter } from "./dev.ts";
import { findRun, type RunFacts } from "./run-file.ts";

export interface ResolvedDevOptions {
  readonly project: Project;
  /** What the devkit itself keeps for the project. */
  readonly stateDir: string;
  readonly dataDir: string;
  readonly fresh: boolean;
  readonly registry: "embedded" | "consul";
  readonly registryToken: string | undefined;
  readonly host: string;
  readonly ports: "stable" | "free";
  readonly inherited: Readonly<Record<string, string | undefined>>;
  readonly readyTimeoutMs: number;
  readonly watch: boolean;
  /** The run that is joined. */
  readonly joined: RunFacts | undefined;
  readonly companions: Companions;
  readonly reporter: DevReporter;
  readonly supervisor: Supervisor;
}

const silent: DevReporter = {
  step: () => ({ progress() {}, done() {}, fail() {} }),
  event() {},
};

/** @throws ConfigError when samspel.json is wrong, DevError when there is no run to join. */
export async function resolveDevOptions(options: DevOptions): Promise<ResolvedDevOptions> {
  const project = await loadProject(options.project);
  const stateDir = join(project.dir, ".samspel");
  return {
    project,
    stateDir,
    dataDir: options.dataDir ?? join(stateDir, "data"),
    fresh: options.fresh ?? false,
    registry: options.registry ?? "embedded",
    registryToken: process.env["CONSUL_HTTP_TOKEN"],
    host: "127.0.0.1",
    ports: options.ports ?? "stable",
    inherited: { ...process.env, ...options.env },
    readyTimeoutMs: options.readyTimeoutMs ?? 60_000,
    watch: options.watch ?? false,
    joined: options.join === undefined ? undefined : await findRun(options.join),
    // What is beside the services of the run that is joined shows these as well.
    companions: options.join === undefined ? (options.companions ?? {}) : {},
    reporter: options.reporter ?? silent,
    supervisor: options.supervisor ?? superviseProcesses(),
  };
}
