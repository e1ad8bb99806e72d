// For samspel.config.ts: the same as samspel.json, with an editor's help and what a program can compute.
import type { ProjectFile } from "./schema.ts";

/**
 * Gives the project back as it is; its type is checked. Paths are relative to the file's folder.
 *
 * @example
 * export default defineProject({ name: "shop", services: { cart: { command: ["node", "cart/main.ts"] } } });
 */
export function defineProject(project: ProjectFile): ProjectFile {
  return project;
}
