// Generated code of a project, and what buf says of its proto files.
export { generateProject, type PartResult } from "./generate-project.ts";
export { runProgram } from "./program.ts";
