// `samspel join`: joining a system from any language.
import { Command } from "commander";
import { verifyCommand } from "./verify-command.ts";

/** Makes the command; `exit` gets the exit code. */
export function joinCommand(exit: (code: number) => void): Command {
  return new Command("join").description("join a system from any language").addCommand(verifyCommand(exit));
}
