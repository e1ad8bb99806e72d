// Makes a project.
import { existsSync, readdirSync } from "node:fs";
import { relative, resolve } from "node:path";
import { findPackages, namesOf, planProject, ScaffoldError } from "../../scaffold/index.ts";
import { carryOut } from "./carry-out.ts";
import type { NewProjectFlags } from "./new-command.ts";

/** Resolves with the exit code. */
export function newProject(project: string, flags: NewProjectFlags): Promise<number> {
  return carryOut(() => {
    const root = resolve(project);
    const names = namesOf(project, flags.service);
    if (existsSync(root) && readdirSync(root).some((entry) => entry !== ".git"))
      throw new ScaffoldError(`Cannot make a project in ${root}, as there is something in it`);
    return {
      root,
      plan: planProject(names, findPackages(root, flags.packages)),
      steps: [
        { title: "packages", command: ["npm", "install", "--no-audit", "--no-fund"] },
        { title: "code", command: ["npm", "run", "--silent", "generate"] },
      ],
      next: [`cd ${relative(".", root)}`, "npm start"],
    };
  }, flags);
}
