// The commands that join programs of any language, and see whether they keep the contract.
import type { Command } from "commander";
import { joinCommand } from "./join-command.ts";
import { deregisterCommand, registerCommand } from "./register-command.ts";
import { runner } from "./run.ts";
import { verifyCommand } from "./verify-command.ts";

/** Makes them; `exit` gets the exit code. */
export function joinCommands(exit: (code: number) => void): readonly Command[] {
  const run = runner(exit);
  return [joinCommand(run).addCommand(verifyCommand(exit)), registerCommand(run), deregisterCommand(run)];
}
