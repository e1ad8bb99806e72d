// The commands that talk to the backoffice of a service.
import type { Command } from "commander";
import { deadLettersCommand } from "./dead-letters-command.ts";
import { leasesCommand } from "./leases-command.ts";
import { projectionsCommand } from "./projections-command.ts";
import { runner } from "./run.ts";
import { subscriptionsCommand } from "./subscriptions-command.ts";
import { tellsCommand } from "./tells-command.ts";
import { topicsCommand } from "./topics-command.ts";

/** Makes them; `exit` gets the exit code. */
export function backofficeCommands(exit: (code: number) => void): readonly Command[] {
  const run = runner(exit);
  return [
    topicsCommand,
    subscriptionsCommand,
    deadLettersCommand,
    tellsCommand,
    projectionsCommand,
    leasesCommand,
  ].map((make) => make(run));
}
