// Starts a whole system: infra and what is missing, beside each other; then all services, beside each other; then what
// shows them. Where nobody watches the files, either everything is ready in the end, or nothing of it is left (A1).
import { randomBytes } from "node:crypto";
import { fillPlaceholders, type Project } from "../config/index.ts";
import { startInfra, type Infra } from "../infra/index.ts";
import { allOrAbort } from "./all-or-abort.ts";
import { buildService } from "./build-service.ts";
import { createNews, createSystem, type News } from "./create-system.ts";
import type { Dev, DevOptions, DevReporter } from "./dev.ts";
import { DevError, endedBadly } from "./dev-error.ts";
import { createGenerator } from "./generator.ts";
import { keepInfraAlive } from "./keep-infra-alive.ts";
import { keepUnmanaged } from "./keep-unmanaged.ts";
import { createProblems, problemOf, type Problems } from "./problems.ts";
import { watchProject } from "./reload.ts";
import { resolveDevOptions, type ResolvedDevOptions } from "./resolve-options.ts";
import { createRoster, preparePythons, type PythonEnvironments, type Roster } from "./roster.ts";
import { publishRun, watchRun, type RunFacts } from "./run-file.ts";
import { assignPorts } from "./service-ports.ts";
import { startCollector, startCompanions } from "./start-companions.ts";

/**
 * Starts the project's services and the infra they need, and waits until each service is in the registry and passing.
 *
 * @throws ConfigError when samspel.json is wrong.
 * @throws DevError when a port is taken or, unless `watch` is set, a service does not start; everything has been stopped
 *   then.
 */
export async function startDev(options: DevOptions): Promise<Dev> {
  const resolved = await resolveDevOptions(options);
  const abort = new AbortController();
  const signal =
    options.signal === undefined ? abort.signal : AbortSignal.any([options.signal, abort.signal]);
  // Whatever is under way, a build, an installation, a service, ends at once.
  const stopAll = (): void => void resolved.supervisor.stop();
  signal.addEventListener("abort", stopAll);
  await using begun = new AsyncDisposableStack();
  begun.defer(() => resolved.supervisor.stop());
  try {
    return await begin(resolved, abort, signal, begun);
  } catch (error) {
    await resolved.supervisor.stop();
    throw error;
  } finally {
    signal.removeEventListener("abort", stopAll);
  }
}

async function begin(
  resolved: ResolvedDevOptions,
  abort: AbortController,
  signal: AbortSignal,
  begun: AsyncDisposableStack,
): Promise<Dev> {
  signal.throwIfAborted();
  const { project, host, watch, supervisor } = resolved;
  const news = createNews();
  const reporter = tellingNews(resolved.reporter, news);
  const problems = createProblems({
    onProblem: (problem) => {
      reporter.event({ type: "problem", problem });
      news.changed();
    },
    onMended: (problem) => {
      reporter.event({ type: "mended", problem });
      news.changed();
    },
  });
  const options = { ...resolved, reporter };
  const ports = await assignPorts(project, resolved.ports, host);
  const generator = createGenerator({
    definitions: project.protos,
    dir: project.dir,
    stateDir: resolved.stateDir,
    env: resolved.inherited,
    supervisor,
    reporter,
    problems,
  });
  // Before anything is read that may change.
  const reload = watch ? await watchProject({ project, generator, problems, reporter }) : undefined;
  if (reload !== undefined) begun.defer(() => reload.close());
  const pythonsReady = preparePythons(options, signal);
  const [infra, collector, pythons, unbuilt] = await allOrAbort(abort, [
    beginInfra(options, signal, begun),
    startCollector(options, problems),
    pythonsReady,
    buildAll(options, pythonsReady, signal),
  ]);
  if (collector !== undefined) begun.defer(() => collector.close());
  signal.throwIfAborted();
  const roster = createRoster(options, {
    infra,
    ports,
    pythons,
    problems,
    collectorUrl: collector?.url ?? resolved.joined?.collectorUrl,
    onChange: () => news.changed(),
  });
  begun.defer(() => roster.stop());
  await allOrAbort(
    abort,
    // One that could not be built is built again: that says why.
    roster.runners.map((runner) => (unbuilt.has(runner.name) ? runner.reload() : runner.start(signal))),
  );
  let current = project;
  const system = createSystem({
    name: project.name,
    roster,
    unmanaged: () => current.unmanaged,
    infra,
    problems,
    news,
    protoFolders: () => current.protos.flatMap(({ folders }) => folders),
  });
  const unmanaged = keepUnmanaged({ registryUrl: infra.registryUrl, problems, dir: project.dir });
  begun.defer(() => unmanaged.end());
  unmanaged.follow(project.unmanaged);
  begun.defer(watchInfra(infra, options, { problems, news }));
  begun.defer(watchJoined(options, problems));
  const beside = await startCompanions(options, problems, { system, collector, infra });
  begun.defer(() => beside.close());
  const published = await letJoin(options, { infra, collector, beside });
  begun.defer(() => published.end());
  if (reload !== undefined) {
    reload.begin({
      roster,
      onProject(next) {
        current = next;
        unmanaged.follow(next.unmanaged);
      },
    });
    // No change starts anything while all is stopped.
    begun.defer(() => reload.close());
  }
  const parts = begun.move();
  return createDev({
    infra,
    roster,
    project: () => current,
    system,
    beside,
    stop: () => parts.disposeAsync(),
  });
}

/** What services write and what becomes of parts goes to those who listen to the system as well. */
function tellingNews(reporter: DevReporter, news: News): DevReporter {
  return {
    step: (name) => reporter.step(name),
    event(event) {
      if (event.type === "output") news.output(event.service, event.line);
      reporter.event(event);
    },
  };
}

async function beginInfra(
  resolved: ResolvedDevOptions,
  signal: AbortSignal,
  begun: AsyncDisposableStack,
): Promise<Infra> {
  const { dataDir, fresh, registry, reporter, supervisor, joined } = resolved;
  const infra = await startInfra({
    dataDir,
    fresh,
    registry,
    reporter,
    supervisor,
    signal,
    ...(joined === undefined ? {} : { given: givenBy(joined) }),
  });
  begun.defer(() => infra.stop());
  return infra;
}

function givenBy({ name, databaseUrl, natsUrl, registryUrl }: RunFacts) {
  const variable = `the run of ${name}`;
  return {
    postgres: { url: databaseUrl, variable },
    nats: { url: natsUrl, variable },
    registry: { url: registryUrl, variable },
  };
}

/** The names of those that could not be built; where nobody watches, that is an error. */
async function buildAll(
  { project, reporter, supervisor, inherited: env, watch }: ResolvedDevOptions,
  pythonsReady: Promise<PythonEnvironments>,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const unbuilt = new Set<string>();
  for (const service of project.services) {
    const requirements = service.python?.requirements;
    const python = requirements === undefined ? undefined : (await pythonsReady).get(requirements);
    try {
      await buildService(service, { reporter, supervisor, env, python, signal });
    } catch (error) {
      if (!watch || signal.aborted) throw error;
      unbuilt.add(service.name);
    }
  }
  return unbuilt;
}

function watchInfra(
  infra: Infra,
  { project, reporter }: ResolvedDevOptions,
  { problems, news }: { readonly problems: Problems; readonly news: News },
): () => void {
  return keepInfraAlive(infra, reporter, (name, ended) => {
    news.infra(name, ended === undefined);
    if (ended === undefined) return problems.clear(name, "infra");
    const error = endedBadly(name, ended.exit, ended.lastLines);
    problems.set(problemOf(error, { service: name, kind: "infra", dir: project.dir }));
  });
}

/** Without the run that has the infra, nothing goes on; it may come back. */
function watchJoined({ joined }: ResolvedDevOptions, problems: Problems): () => void {
  if (joined === undefined) return () => {};
  return watchRun(joined, (runs) => {
    if (runs) return problems.clear(joined.name, "infra");
    const summary = `${joined.name} has ended, whose infra is used: start it again with samspel dev --project ${joined.dir}`;
    problems.set({ service: joined.name, kind: "infra", summary, detail: "" });
  });
}

/** A run that uses the infra of another one has none to offer. */
async function letJoin(
  { project, joined }: ResolvedDevOptions,
  parts: {
    readonly infra: Infra;
    readonly collector: { readonly url: string } | undefined;
    readonly beside: { readonly gatewayUrl: string | undefined; readonly dashboardUrl: string | undefined };
  },
) {
  if (joined !== undefined) return { end: async () => {} };
  const { databaseUrl, natsUrl, registryUrl } = parts.infra;
  return publishRun({
    name: project.name,
    dir: project.dir,
    pid: process.pid,
    databaseUrl,
    natsUrl,
    registryUrl,
    collectorUrl: parts.collector?.url,
    gatewayUrl: parts.beside.gatewayUrl,
    dashboardUrl: parts.beside.dashboardUrl,
  });
}

interface DevParts extends Pick<Dev, "infra" | "system"> {
  readonly roster: Roster;
  readonly project: () => Project;
  readonly beside: Pick<Dev, "gatewayUrl" | "dashboardUrl">;
  readonly stop: () => Promise<void>;
}

function createDev({ infra, roster, project, system, beside, stop: stopAll }: DevParts): Dev {
  const runnerOf = (name: string) => {
    const { runners } = roster;
    const runner = runners.find((candidate) => candidate.name === name);
    if (runner !== undefined) return runner;
    throw new DevError(
      `No service is named ${name}: there are ${runners.map(({ name }) => name).join(", ")}`,
    );
  };
  const random = randomBytes(2).toString("hex");
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= stopAll());
  return {
    get project() {
      return project();
    },
    get services() {
      return roster.runners;
    },
    infra,
    system,
    gatewayUrl: beside.gatewayUrl,
    dashboardUrl: beside.dashboardUrl,
    get tryCommands() {
      return project().tryCommands.map((command) => fillPlaceholders(command, roster.runners, random));
    },
    restart: async (name) => runnerOf(name).restart(),
    kill: async (name) => runnerOf(name).kill(),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
