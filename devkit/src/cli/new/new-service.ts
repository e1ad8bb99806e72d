// Adds a service to a project.
import { loadProject } from "../../config/index.ts";
import { findPackages, kits, planService } from "../../scaffold/index.ts";
import { carryOut } from "./carry-out.ts";
import type { NewServiceFlags } from "./new-command.ts";

/** Resolves with the exit code. */
export function newService(name: string, flags: NewServiceFlags): Promise<number> {
  return carryOut(async () => {
    const project = await loadProject(flags.project);
    const packages = findPackages(project.dir, flags.packages);
    const { names, plan, before, after } = planService(project, name, flags.lang, packages);
    return {
      root: project.dir,
      plan,
      steps: [...before, { title: "code", command: ["npm", "run", "--silent", "generate"] }, ...after],
      next: ["npm start", kits[flags.lang].test(names)],
    };
  }, flags);
}
