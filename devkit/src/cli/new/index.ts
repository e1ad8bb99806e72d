// `samspel new`.
export { newCommand } from "./new-command.ts";
