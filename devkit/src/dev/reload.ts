// What happens when files change.
//
//   W1. Several changes in a row are one: it waits until nothing has changed for a moment. What comes while something is
//       under way is looked at afterwards, and ends starts that it outdates.
//   W2. A file that was written with what it had is no change.
//   W3. .proto files first: what is generated from them changes other files, and those decide what restarts.
//   W4. A change restarts the services that are made of that file, and no others.
//   W5. The configuration before all: it says which files there are. What it cannot be used for leaves all as it was.
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Project, ServiceDefinition } from "../config/index.ts";
import {
  filesBelow,
  rememberContents,
  serviceFiles,
  shownPath,
  watchFolders,
  type ServiceFiles,
} from "../watch/index.ts";
import type { DevReporter } from "./dev.ts";
import { followConfiguration } from "./follow-configuration.ts";
import type { Generator } from "./generator.ts";
import type { Problems } from "./problems.ts";
import type { Roster, RosterChanges } from "./roster.ts";

const quietMs = 40;

export interface ReloadOptions {
  readonly project: Project;
  readonly generator: Generator;
  readonly problems: Problems;
  readonly reporter: DevReporter;
}

/** What follows the project's files. */
interface Followers {
  readonly roster: Pick<Roster, "runners" | "prepare">;
  /** Told of each project that is in use from now on, before its services start. */
  readonly onProject: (project: Project) => void;
}

/** Watches the project's files. */
export interface Reload {
  /** From now on, changes are followed; also changes from before. */
  begin(followers: Followers): void;
  close(): Promise<void>;
}

interface Watched {
  readonly name: string;
  readonly files: ServiceFiles;
}

const watchedOf = (definition: ServiceDefinition): Watched => {
  return { name: definition.name, files: serviceFiles(definition) };
};

const nothing: RosterChanges = { added: [], changed: [], removed: [] };

/** Begins to watch; resolves when no change is missed any more. */
export async function watchProject(options: ReloadOptions): Promise<Reload> {
  const { generator, problems, reporter } = options;
  const { dir } = options.project;
  const contents = rememberContents();
  const changed = new Set<string>();
  let followers: Followers | undefined;
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> | undefined;
  let closed = false;
  /** Whether the configuration is to be looked at, though none of its files has changed. */
  let isDue = false;

  const watcher = watchFolders({
    onChange(path) {
      changed.add(path);
      schedule();
    },
    onError: (error) =>
      problems.set({ service: undefined, kind: "infra", summary: error.message, detail: "" }),
  });
  const configuration = followConfiguration({
    project: options.project,
    problems,
    onAgain: () => {
      isDue = true;
      schedule();
    },
  });
  let services: readonly Watched[] = options.project.services.map(watchedOf);

  const schedule = (): void => {
    clearTimeout(timer);
    if (followers === undefined || closed || working !== undefined) return;
    const following = followers;
    timer = setTimeout(() => {
      working = work(following).finally(() => {
        working = undefined;
        if (changed.size > 0) schedule();
      });
    }, quietMs);
  };

  /** Those that really changed since they were looked at last (W2). */
  async function takeChanges(): Promise<readonly string[]> {
    const paths = [...changed];
    changed.clear();
    const news = await Promise.all(
      paths.map(async (path) => ((await contents.hasChanged(path)) ? [path] : [])),
    );
    return news.flat();
  }

  async function work({ roster, onProject }: Followers): Promise<void> {
    const files = new Set<string>();
    let takeUp: (() => Promise<RosterChanges>) | undefined;
    for (;;) {
      const news = await takeChanges();
      for (const path of news) files.add(path);
      if (closed) return;
      let isGenerated = !news.some((path) => generator.has(path));
      if (isDue || news.some((path) => configuration.files.includes(path))) {
        isDue = false;
        const next = await readConfiguration(roster);
        if (next !== undefined && generator.redefine(next.project.protos)) {
          await watchProtos();
          isGenerated = generator.folders.length === 0;
        }
        if (next !== undefined) takeUp = () => followProject(next, onProject);
      }
      if (isGenerated || closed) break;
      await generator.run();
      // The system tells of what was written a moment later (W3).
      await sleep(quietMs);
    }
    if (closed) return;
    const { added, changed: otherwise } = (await takeUp?.()) ?? nothing;
    const touched = services.filter(
      ({ name, files: own }) =>
        !added.includes(name) && !otherwise.includes(name) && [...files].some((path) => own.has(path)),
    );
    tell([...files], touched);
    await Promise.all(touched.map((service) => lookAnew(service, files)));
    for (const { name } of touched) void roster.runners.find((runner) => runner.name === name)?.reload();
  }

  interface NextProject {
    readonly project: Project;
    readonly carryOut: () => RosterChanges;
  }

  /** Undefined where it says nothing new, or cannot be used (W5). */
  async function readConfiguration(roster: Followers["roster"]): Promise<NextProject | undefined> {
    const project = await configuration.look();
    if (project === undefined) return undefined;
    try {
      const carryOut = await roster.prepare(project);
      configuration.accept(project);
      await watchConfiguration();
      return { project, carryOut };
    } catch (error) {
      configuration.refuse(error);
      return undefined;
    }
  }

  /** Has the services of another project; their files are watched before they start. */
  async function followProject(
    { project, carryOut }: NextProject,
    onProject: Followers["onProject"],
  ): Promise<RosterChanges> {
    onProject(project);
    services = project.services.map(watchedOf);
    await Promise.all(services.map((service) => lookAnew(service, [])));
    const changes = carryOut();
    reporter.event({ type: "project-changed", ...changes, pending: configuration.pending() });
    return changes;
  }

  function tell(files: readonly string[], touched: readonly Watched[]): void {
    const shown = files.filter(
      (file) => generator.has(file) || touched.some((service) => service.files.has(file)),
    );
    if (shown.length === 0) return;
    reporter.event({
      type: "changed",
      files: shown.map((file) => shownPath(file, dir)),
      services: touched.map(({ name }) => name),
    });
  }

  /** A changed file may name others. */
  async function lookAnew({ files }: Watched, paths: Iterable<string>): Promise<void> {
    for (const path of paths) files.forget(path);
    await files.refresh();
    for (const folder of files.folders()) watcher.add(folder);
    await contents.learn(files.list());
  }

  async function watchProtos(): Promise<void> {
    for (const folder of generator.folders) watcher.add(folder);
    await contents.learn(generator.folders.flatMap(({ path }) => filesBelow(path, true)));
  }

  async function watchConfiguration(): Promise<void> {
    for (const file of configuration.files) watcher.add({ path: dirname(file), recursive: false });
    await contents.learn(configuration.files);
  }

  await watchProtos();
  await watchConfiguration();
  await Promise.all(services.map((service) => lookAnew(service, [])));
  return {
    begin(all) {
      followers = all;
      schedule();
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      configuration.close();
      watcher.close();
      await generator.close();
      await working;
    },
  };
}
