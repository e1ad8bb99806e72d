// The commands that join what knows nothing of us.
import type { Command } from "commander";
import { joinCommand } from "./join-command.ts";
import { deregisterCommand, registerCommand } from "./register-command.ts";
import { runner } from "./run.ts";

/** Makes them; `exit` gets the exit code. */
export function joinCommands(exit: (code: number) => void): readonly Command[] {
  const run = runner(exit);
  return [joinCommand, registerCommand, deregisterCommand].map((make) => make(run));
}
