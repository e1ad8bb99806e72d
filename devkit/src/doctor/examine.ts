// All examinations, as far as there is a project.
import { access } from "node:fs/promises";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { ConfigError, loadProject, type Project } from "../config/index.ts";
import { ok, problem, type Finding } from "./finding.ts";
import { checkInfra } from "./infra.ts";
import { checkPorts } from "./ports.ts";
import { checkBuf, checkLanguageTools, checkNode, checkPackages } from "./tools.ts";

/** @param place A project's folder or file; undefined where there is none. Findings come as they are made. */
export async function* examine(place: string | undefined): AsyncGenerator<Finding, void> {
  yield checkNode();
  const project = place === undefined ? undefined : await load(place);
  if (project !== undefined && "state" in project) yield project;
  const found = project !== undefined && "services" in project ? project : undefined;
  const dir = found?.dir ?? process.cwd();
  yield checkBuf(dir);
  if (found !== undefined) {
    yield ok("project", `${found.name}, with ${found.services.length} services`);
    if (await isThere(join(dir, "package.json"))) yield checkPackages(dir);
    yield* await checkLanguageTools(found);
  }
  yield* await checkInfra(found === undefined ? tmpdir() : join(dir, ".samspel/data"));
  if (found !== undefined) yield checkPorts(found);
}

async function load(place: string): Promise<Project | Finding> {
  try {
    return await loadProject(place);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return problem("project", error.message, "correct samspel.json");
  }
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
