// The services of a run, each with what it is built from and started with, as they come and go with the configuration.
//
//   L1. What the configuration says as before goes on. What it says otherwise is built and started with that, beside the
//       process that serves; where it asks for another port, in place of it.
//   L2. A service has the same port as long as the run goes, also when it was away meanwhile.
//   L3. A service that left has ended before another of its name starts.
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Project, ServiceDefinition } from "../config/index.ts";
import type { Infra } from "../infra/index.ts";
import { buildService } from "./build-service.ts";
import { describeSettings } from "./configuration.ts";
import type { DevSetting } from "./dev-system.ts";
import type { Problems } from "./problems.ts";
import { preparePython, type PythonEnvironment } from "./python-environment.ts";
import type { ResolvedDevOptions } from "./resolve-options.ts";
import { resolveProgram, serviceEnvironment } from "./service-environment.ts";
import { assignPorts } from "./service-ports.ts";
import { createServiceRunner, type ServiceRunner } from "./service-runner.ts";

/** By requirements file. */
export type PythonEnvironments = ReadonlyMap<string, PythonEnvironment>;

/** One environment for each requirements file; services may share it. */
export async function preparePythons(
  { project, stateDir, reporter, supervisor, inherited }: ResolvedDevOptions,
  signal: AbortSignal,
): Promise<PythonEnvironments> {
  const environments = new Map<string, PythonEnvironment>();
  const files = new Set(project.services.map(({ python }) => python?.requirements));
  for (const requirements of files) {
    signal.throwIfAborted();
    if (requirements === undefined) continue;
    const dir = join(stateDir, "python");
    environments.set(
      requirements,
      await preparePython({ requirements, dir, reporter, supervisor, env: inherited, signal }),
    );
  }
  return environments;
}

export interface RosterParts {
  readonly infra: Infra;
  readonly ports: ReadonlyMap<string, number>;
  readonly pythons: PythonEnvironments;
  readonly problems: Problems;
  readonly collectorUrl: string | undefined;
  readonly onChange: () => void;
}

/** Names of services, as the configuration changed them. */
export interface RosterChanges {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

export interface Roster {
  /** Those of now. */
  readonly runners: readonly ServiceRunner[];
  /** What a service is started with. */
  configuration(this: void, service: string): readonly DevSetting[];
  /**
   * Looks whether the services of another project can run; resolves with how to have those in place of the present ones:
   * that starts and stops what is to be, and does not wait for it.
   *
   * @throws DevError where a port is taken.
   */
  prepare(this: void, project: Project): Promise<() => RosterChanges>;
  /** Stops all, those that are leaving as well. */
  stop(this: void): Promise<void>;
}

interface Member {
  readonly runner: ServiceRunner;
  definition: ServiceDefinition;
  settings(): readonly DevSetting[];
}

/** Creates the roster; its runners start nothing yet. */
export function createRoster(resolved: ResolvedDevOptions, parts: RosterParts): Roster {
  const ports = new Map(parts.ports);
  const leaving = new Map<string, Promise<void>>();
  let members: ReadonlyMap<string, Member> = new Map(
    resolved.project.services.map((definition) => [definition.name, enlist(definition)]),
  );
  let stopped = false;

  function enlist(definition: ServiceDefinition): Member {
    return createMember(definition, ports.get(definition.name) ?? 0, resolved, parts);
  }

  const dismiss = ({ runner }: Member): void => {
    const { name } = runner;
    const left = (async () => {
      await runner.stop();
      await runner.close();
    })()
      .catch(() => {})
      .finally(() => {
        if (leaving.get(name) === left) leaving.delete(name);
        parts.onChange();
      });
    leaving.set(name, left);
  };

  /** Starts one that is new, when its predecessor has gone (L3). */
  const begin = async ({ runner }: Member): Promise<void> => {
    await leaving.get(runner.name);
    if (!stopped) await runner.reload();
  };

  /** Changes a member, or puts another in its place (L1). */
  const change = (member: Member, definition: ServiceDefinition): Member => {
    const { runner, definition: before } = member;
    const staysThere =
      runner.port === ports.get(runner.name) &&
      before.port === definition.port &&
      before.handover === definition.handover;
    if (staysThere) {
      member.definition = definition;
      void runner.reload();
      return member;
    }
    dismiss(member);
    const successor = enlist(definition);
    void begin(successor);
    return successor;
  };

  function follow(definitions: readonly ServiceDefinition[]): RosterChanges {
    const added: string[] = [];
    const changed: string[] = [];
    const next = new Map<string, Member>();
    for (const definition of definitions) {
      const { name } = definition;
      const member = members.get(name);
      if (member === undefined) {
        const newcomer = enlist(definition);
        added.push(name);
        next.set(name, newcomer);
        void begin(newcomer);
      } else if (isDeepStrictEqual(member.definition, definition)) next.set(name, member);
      else {
        changed.push(name);
        next.set(name, change(member, definition));
      }
    }
    const gone = [...members].filter(([name]) => !next.has(name));
    for (const [, member] of gone) dismiss(member);
    members = next;
    parts.onChange();
    return { added, changed, removed: gone.map(([name]) => name) };
  }

  return {
    get runners() {
      return Array.from(members.values(), ({ runner }) => runner);
    },
    configuration: (service) => members.get(service)?.settings() ?? [],
    async prepare(project) {
      const assigned = await assignPorts(project, resolved.ports, resolved.host, ports);
      return () => {
        for (const [name, port] of assigned) ports.set(name, port);
        return follow(project.services);
      };
    },
    async stop() {
      stopped = true;
      const runners = Array.from(members.values(), ({ runner }) => runner);
      await Promise.all([...leaving.values(), ...runners.map((runner) => runner.stop())]);
      await Promise.all(runners.map((runner) => runner.close()));
    },
  };
}

function createMember(
  definition: ServiceDefinition,
  port: number,
  resolved: ResolvedDevOptions,
  { infra, pythons, problems, collectorUrl, onChange }: RosterParts,
): Member {
  const { project, host, inherited, stateDir, watch, supervisor, reporter } = resolved;
  const { registryToken, readyTimeoutMs } = resolved;
  const compileCacheDir = join(stateDir, "compile-cache");
  let python = pythons.get(definition.python?.requirements ?? "");

  const spec = (own: number) => ({
    command: resolveProgram(member.definition.command, python),
    cwd: member.definition.cwd,
    env: serviceEnvironment(member.definition, {
      inherited,
      infra,
      host,
      port: own,
      compileCacheDir,
      python,
      collectorUrl,
    }),
  });
  const runner = createServiceRunner({
    definition,
    host,
    port,
    watched: watch,
    async build(signal) {
      const env = inherited;
      // Its packages may be others than before.
      const dir = join(stateDir, "python");
      const requirements = member.definition.python?.requirements;
      python =
        requirements === undefined
          ? undefined
          : await preparePython({ requirements, dir, reporter, supervisor, env, signal });
      await buildService(member.definition, { reporter, supervisor, env, python, signal });
    },
    spec,
    registryUrl: infra.registryUrl,
    registryToken,
    readyTimeoutMs,
    supervisor,
    reporter,
    problems,
    dir: project.dir,
    onChange,
  });
  const member: Member = {
    runner,
    definition,
    settings: () =>
      describeSettings({
        env: spec(runner.instance?.port ?? port).env,
        own: member.definition.env,
        inherited,
      }),
  };
  return member;
}
