// What happens when files change.
//
//   W1. Several changes in a row are one: it waits until nothing has changed for a moment. What comes while something is
//       under way is looked at afterwards, and ends starts that it outdates.
//   W2. A file that was written with what it had is no change.
//   W3. .proto files first: what is generated from them changes other files, and those decide what restarts.
//   W4. A change restarts the services that are made of that file, and no others.
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Project } from "../config/index.ts";
import {
  filesBelow,
  rememberContents,
  serviceFiles,
  shownPath,
  watchFolders,
  type ServiceFiles,
} from "../watch/index.ts";
import type { DevReporter } from "./dev.ts";
import type { Generator } from "./generator.ts";
import type { Problems } from "./problems.ts";
import type { ServiceRunner } from "./service-runner.ts";

const quietMs = 40;

export interface ReloadOptions {
  readonly project: Project;
  readonly generator: Generator;
  readonly problems: Problems;
  readonly reporter: DevReporter;
}

/** Watches the project's files. */
export interface Reload {
  /** From now on, changes restart these; also changes from before. */
  begin(runners: readonly ServiceRunner[]): void;
  close(): Promise<void>;
}

interface Watched {
  readonly name: string;
  readonly files: ServiceFiles;
}

/** Begins to watch; resolves when no change is missed any more. */
export async function watchProject(options: ReloadOptions): Promise<Reload> {
  const { project, generator, problems, reporter } = options;
  const contents = rememberContents();
  const changed = new Set<string>();
  let runners: readonly ServiceRunner[] | undefined;
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> | undefined;
  let closed = false;

  const watcher = watchFolders({
    onChange(path) {
      changed.add(path);
      schedule();
    },
    onError: (error) =>
      problems.set({ service: undefined, kind: "infra", summary: error.message, detail: "" }),
  });
  const services: readonly Watched[] = project.services.map((definition) => {
    return { name: definition.name, files: serviceFiles(definition) };
  });

  const schedule = (): void => {
    clearTimeout(timer);
    if (runners === undefined || closed || working !== undefined) return;
    timer = setTimeout(() => {
      working = work().finally(() => {
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

  async function work(): Promise<void> {
    const files = new Set<string>();
    for (;;) {
      const news = await takeChanges();
      for (const path of news) files.add(path);
      if (closed || !news.some((path) => generator.has(path))) break;
      await generator.run();
      // The system tells of what was written a moment later (W3).
      await sleep(quietMs);
    }
    if (files.size === 0 || closed) return;
    const touched = services.filter((service) => [...files].some((path) => service.files.has(path)));
    tell([...files], touched);
    await Promise.all(touched.map((service) => lookAnew(service, files)));
    for (const { name } of touched) void runners?.find((runner) => runner.name === name)?.reload();
  }

  function tell(files: readonly string[], touched: readonly Watched[]): void {
    const own = [project.file, ...project.extended];
    if (files.some((file) => own.includes(file))) reporter.event({ type: "project-changed" });
    const protos = files.filter((file) => generator.has(file));
    const shown = files.filter(
      (file) => protos.includes(file) || touched.some((service) => service.files.has(file)),
    );
    if (shown.length === 0) return;
    reporter.event({
      type: "changed",
      files: shown.map((file) => shownPath(file, project.dir)),
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

  for (const folder of generator.folders) watcher.add(folder);
  for (const file of [project.file, ...project.extended])
    watcher.add({ path: dirname(file), recursive: false });
  const protos = generator.folders.flatMap(({ path }) => filesBelow(path, true));
  await contents.learn([project.file, ...project.extended, ...protos]);
  await Promise.all(services.map((service) => lookAnew(service, [])));
  return {
    begin(all) {
      runners = all;
      schedule();
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      watcher.close();
      await generator.close();
      await working;
    },
  };
}
