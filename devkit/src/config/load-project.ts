// Reads a project's file and checks it wholly: what comes out of here can be started (A1).
import { dirname, join, resolve } from "node:path";
import { ConfigError } from "./config-error.ts";
import { placeholderFields, placeholdersIn } from "./placeholders.ts";
import type {
  BesideDefinition,
  Program,
  Project,
  ProtosDefinition,
  PythonDefinition,
  ServiceDefinition,
} from "./project.ts";
import { findProjectFile, isThere, readProjectFile } from "./read-project-file.ts";
import type { BesideEntry, ProjectFile, ProtosEntry, PythonEntry, ServiceEntry } from "./schema.ts";
import { nearest } from "./suggest.ts";

/**
 * Loads a project: the samspel.json or samspel.config.ts of a folder, or another file of that kind; with the projects
 * that it extends.
 *
 * @throws ConfigError that names the file, each key at fault, its value, and what is allowed.
 */
export async function loadProject(place: string): Promise<Project> {
  return load(await findProjectFile(place), []);
}

async function load(file: string, within: readonly string[]): Promise<Project> {
  if (within.includes(file)) throw new ConfigError(file, [`extends itself by ${within.join(" and ")}`]);
  const dir = dirname(file);
  const written = await readProjectFile(file);
  const bases = await Promise.all(
    [written.extends ?? []].flat().map(async (place) => {
      return load(await findProjectFile(resolve(dir, place)), [...within, file]);
    }),
  );
  const own = await define(file, dir, written);
  const project = bases.reduceRight(over, own);
  const problems = [
    ...(await missingPaths(own)),
    ...sharedPorts(project),
    ...(within.length === 0 ? unknownPlaceholders(project) : []),
  ];
  if (problems.length > 0) throw new ConfigError(file, problems);
  return project;
}

async function define(file: string, dir: string, written: ProjectFile): Promise<Project> {
  const entries = Object.entries(written.services);
  const wrong = entries.flatMap(([name, entry]) => misfits(name, entry));
  if (wrong.length > 0) throw new ConfigError(file, wrong);
  const protos = await defineProtos(dir, written.protos);
  return {
    name: written.name,
    dir,
    file,
    extended: [],
    services: entries.flatMap(([name, entry]) => defineService(dir, name, entry) ?? []),
    unmanaged: entries.flatMap(([name, { unmanaged }]) =>
      unmanaged === undefined ? [] : [{ name, place: unmanaged === true ? undefined : unmanaged }],
    ),
    protos: protos === undefined ? [] : [protos],
    gateway: defineBeside(written.gateway),
    dashboard: defineBeside(written.dashboard),
    tryCommands: written.try ?? [],
  };
}

/** The project with what it has not itself from another one. */
function over(project: Project, base: Project): Project {
  const names = new Set([...project.services, ...project.unmanaged].map(({ name }) => name));
  const isNew = ({ name }: { readonly name: string }): boolean => !names.has(name);
  return {
    ...project,
    extended: [...project.extended, base.file, ...base.extended],
    services: [...base.services.filter(isNew), ...project.services],
    unmanaged: [...base.unmanaged.filter(isNew), ...project.unmanaged],
    protos: [...base.protos, ...project.protos],
    tryCommands: [...base.tryCommands, ...project.tryCommands],
  };
}

function misfits(name: string, { command, unmanaged }: ServiceEntry): readonly string[] {
  const place = `services.${name}`;
  if (command === undefined && unmanaged === undefined) return [`${place}.command is missing`];
  return command !== undefined && unmanaged !== undefined
    ? [`${place}.unmanaged: it has a command, so it is started from here; keep one of them`]
    : [];
}

function defineService(dir: string, name: string, service: ServiceEntry): ServiceDefinition | undefined {
  const { command, port, python, build, watch, protos, handover } = service;
  if (command === undefined) return undefined;
  return {
    name,
    command: programOf(command),
    cwd: resolve(dir, service.cwd ?? "."),
    env: service.env ?? {},
    ...(build === undefined ? {} : { build: programOf(build) }),
    ...(port === undefined ? {} : { port }),
    ...(handover === undefined ? {} : { handover }),
    ...(python === undefined ? {} : { python: definePython(dir, python) }),
    ...(watch === undefined ? {} : { watch: watch.map((path) => resolve(dir, path)) }),
    ...(protos === undefined ? {} : { protos: protos.map((path) => resolve(dir, path)) }),
  };
}

function programOf([program = "", ...args]: readonly string[]): Program {
  return [program, ...args];
}

function definePython(dir: string, { requirements, path = [] }: PythonEntry): PythonDefinition {
  return { requirements: resolve(dir, requirements), path: path.map((folder) => resolve(dir, folder)) };
}

/** Without an entry, what is usual: a buf.gen.yaml beside samspel.json, and protos in `proto`. */
async function defineProtos(
  dir: string,
  entry: ProtosEntry | undefined,
): Promise<ProtosDefinition | undefined> {
  const cwd = resolve(dir, entry?.cwd ?? ".");
  const usual: Program | undefined = (await isThere(join(cwd, "buf.gen.yaml"), "file"))
    ? ["buf", "generate"]
    : undefined;
  if (entry === undefined) {
    const folder = join(dir, "proto");
    if (usual === undefined || !(await isThere(folder, "folder"))) return undefined;
    return { folders: [folder], generate: usual, cwd, lint: true, against: undefined };
  }
  return {
    folders: entry.folders.map((folder) => resolve(dir, folder)),
    generate: entry.generate === undefined ? usual : programOf(entry.generate),
    cwd,
    lint: entry.lint ?? true,
    against: entry.against,
  };
}

function defineBeside({ enabled = true, port }: BesideEntry = {}): BesideDefinition {
  return { enabled, port };
}

async function missingPaths({ services, protos }: Project): Promise<readonly string[]> {
  const folders = [
    ...services.flatMap(({ name, cwd, python, protos: own = [] }) => [
      { key: `services.${name}.cwd`, path: cwd },
      ...(python?.path ?? []).map((path, index) => ({ key: `services.${name}.python.path[${index}]`, path })),
      ...own.map((path, index) => ({ key: `services.${name}.protos[${index}]`, path })),
    ]),
    ...protos.flatMap(({ folders: named, cwd }) => [
      { key: "protos.cwd", path: cwd },
      ...named.map((path, index) => ({ key: `protos.folders[${index}]`, path })),
    ]),
  ];
  const problems: string[] = [];
  for (const { key, path } of folders)
    if (!(await isThere(path, "folder"))) problems.push(`${key}: there is no folder ${path}`);
  for (const { name, python } of services)
    if (python !== undefined && !(await isThere(python.requirements, "file")))
      problems.push(`services.${name}.python.requirements: there is no file ${python.requirements}`);
  return problems;
}

function sharedPorts({ services, gateway, dashboard }: Project): readonly string[] {
  const ports = [
    ...services.map(({ name, port }) => ({ name, key: `services.${name}.port`, port })),
    { name: "the gateway", key: "gateway.port", port: gateway.port },
    { name: "the dashboard", key: "dashboard.port", port: dashboard.port },
  ];
  return ports.flatMap(({ key, port }, index) => {
    const other = ports.slice(0, index).find((earlier) => port !== undefined && earlier.port === port);
    return other === undefined ? [] : [`${key}: ${port} is ${other.name}'s already`];
  });
}

function unknownPlaceholders({ services, tryCommands }: Project): readonly string[] {
  const names = services.map(({ name }) => name);
  return tryCommands.flatMap((command, index) =>
    placeholdersIn(command).flatMap(({ text, service, field }) => {
      const known = names.includes(service) ? placeholderFields : names;
      const word = names.includes(service) ? field : service;
      if (known.some((name) => name === word)) return [];
      const meant = nearest(word, known);
      return [
        `try[${index}]: ${text} names nothing` +
          (meant === undefined ? "." : `; did you mean "${meant}"?`) +
          ` Allowed here: ${known.join(", ")}`,
      ];
    }),
  );
}
