// Reads samspel.json and checks it wholly: what comes out of here can be started (A1).
import { readFile, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { safeParse } from "valibot";
import { ConfigError } from "./config-error.ts";
import { explainIssues } from "./explain-issue.ts";
import { placeholderFields, placeholdersIn } from "./placeholders.ts";
import type { Project, PythonDefinition, ServiceDefinition } from "./project.ts";
import { projectSchema, type ProjectFile, type PythonEntry, type ServiceEntry } from "./schema.ts";
import { nearest } from "./suggest.ts";

/**
 * Loads a project: the samspel.json of a folder, or another file of that kind.
 *
 * @throws ConfigError that names the file, each key at fault, its value, and what is allowed.
 */
export async function loadProject(place: string): Promise<Project> {
  const file = (await isThere(place, "file")) ? resolve(place) : join(resolve(place), "samspel.json");
  const dir = dirname(file);
  const written = parse(file, await read(file));
  const project: Project = {
    name: written.name,
    dir,
    file,
    services: Object.entries(written.services).map(([name, service]) => define(dir, name, service)),
    tryCommands: written.try ?? [],
  };
  const problems = [
    ...(await missingPaths(project)),
    ...sharedPorts(project),
    ...unknownPlaceholders(project),
  ];
  if (problems.length > 0) throw new ConfigError(file, problems);
  return project;
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new ConfigError(
      file,
      ["cannot be read; name the folder of a project that has a samspel.json with --project"],
      { cause },
    );
  }
}

function parse(file: string, text: string): ProjectFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ConfigError(file, [`is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`], {
      cause,
    });
  }
  const result = safeParse(projectSchema, json);
  if (!result.success) throw new ConfigError(file, explainIssues(result.issues));
  return result.output;
}

function define(dir: string, name: string, service: ServiceEntry): ServiceDefinition {
  const [program = "", ...args] = service.command;
  const { port, python, build } = service;
  return {
    name,
    command: [program, ...args],
    cwd: resolve(dir, service.cwd ?? "."),
    env: service.env ?? {},
    ...(build === undefined ? {} : { build: [build[0] ?? "", ...build.slice(1)] }),
    ...(port === undefined ? {} : { port }),
    ...(python === undefined ? {} : { python: definePython(dir, python) }),
  };
}

function definePython(dir: string, { requirements, path = [] }: PythonEntry): PythonDefinition {
  return { requirements: resolve(dir, requirements), path: path.map((folder) => resolve(dir, folder)) };
}

async function missingPaths(project: Project): Promise<readonly string[]> {
  const problems = project.services.map(async ({ name, cwd, python }) => {
    const place = `services.${name}`;
    const folders = [
      { key: `${place}.cwd`, path: cwd },
      ...(python?.path ?? []).map((path, index) => ({ key: `${place}.python.path[${index}]`, path })),
    ];
    const found: string[] = [];
    for (const { key, path } of folders)
      if (!(await isThere(path, "folder"))) found.push(`${key}: there is no folder ${path}`);
    if (python !== undefined && !(await isThere(python.requirements, "file")))
      found.push(`${place}.python.requirements: there is no file ${python.requirements}`);
    return found;
  });
  return (await Promise.all(problems)).flat();
}

async function isThere(path: string, kind: "file" | "folder"): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return (kind === "file" ? found?.isFile() : found?.isDirectory()) === true;
}

function sharedPorts({ services }: Project): readonly string[] {
  return services.flatMap(({ name, port }, index) => {
    const other = services.slice(0, index).find((earlier) => port !== undefined && earlier.port === port);
    return other === undefined ? [] : [`services.${name}.port: ${port} is ${other.name}'s already`];
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
