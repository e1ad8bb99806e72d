// The command line: what can be said, and what it means.
import { readFileSync } from "node:fs";
import { Command, CommanderError, Option } from "commander";
import { backofficeCommands } from "./backoffice/index.ts";
import { callCommand } from "./call/index.ts";
import { dashboardCommand } from "./dashboard/index.ts";
import { completionCommands } from "./completion/index.ts";
import type { DevCommandOptions } from "./dev-command.ts";
import { doctorCommand } from "./doctor/index.ts";
import { entityCommand } from "./entity/index.ts";
import { gatewayCommand } from "./gateway/index.ts";
import { generateCommand } from "./generate/index.ts";
import { joinCommands } from "./join/index.ts";
import { journalCommand } from "./journal-command.ts";
import { newCommand } from "./new/index.ts";
import { policyCommand } from "./policy/index.ts";
import { registryCommand } from "./registry/index.ts";
import { tailCommand } from "./tail/index.ts";

/** The exit code of a command line that is not understood. */
const usageError = 2;

/** Runs the command line; resolves with the exit code. */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  let code = 0;
  const program = new Command("samspel")
    .description(
      "Develop a system of services, and look after it: start all of them, and their infrastructure, with one command; see and mend what they do in the background.",
    )
    .version(version(), "-V, --version", "show the version")
    .helpOption("-h, --help", "show help")
    // What comes after a command is the command's: `join` has a --version of its own, and a program's options.
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError("(--help shows what there is)");
  program
    .command("dev")
    .description("start the project in a folder, with the infra it needs; Ctrl-C stops everything")
    .addOption(
      new Option(
        "-p, --project <dir>",
        "the folder with samspel.json or samspel.config.ts, or a file of that kind",
      ).default("."),
    )
    .addOption(new Option("--fresh", "delete the stored data first").default(false))
    .addOption(
      new Option("--registry <kind>", "which registry to start where CONSUL_HTTP_ADDR names none")
        .choices(["embedded", "consul"])
        .default("embedded"),
    )
    .addOption(
      new Option("--identity", "give each service an identity: they call each other by mTLS").default(false),
    )
    .addOption(new Option("--no-watch", "let files change without restarting anything"))
    .addOption(
      new Option(
        "--join [name]",
        "use the infra of a system that runs, by its project's name or folder, in place of own infra",
      ),
    )
    .addOption(new Option("--no-gateway", "start no gateway"))
    .addOption(new Option("--no-dashboard", "start no dashboard"))
    .addOption(new Option("--json", "tell what happens as JSON, one object a line").default(false))
    .addOption(new Option("--no-color", "write without colours"))
    .exitOverride()
    .showHelpAfterError("(samspel dev --help shows what there is)")
    .action(async (options: DevCommandOptions) => {
      // Help and mistakes need none of it.
      const { devCommand } = await import("./dev-command.ts");
      code = await devCommand(options);
    });
  program.addCommand(
    journalCommand((exit) => {
      code = exit;
    }),
  );
  for (const command of joinCommands((exit) => (code = exit))) program.addCommand(command);
  program.addCommand(dashboardCommand((exit) => (code = exit)));
  program.addCommand(gatewayCommand((exit) => (code = exit)));
  program.addCommand(registryCommand((exit) => (code = exit)));
  program.addCommand(policyCommand((exit) => (code = exit)));
  for (const command of backofficeCommands((exit) => (code = exit))) program.addCommand(command);
  for (const make of [newCommand, generateCommand, callCommand, tailCommand, entityCommand, doctorCommand])
    program.addCommand(make((exit) => (code = exit)));
  for (const command of completionCommands(program, (exit) => (code = exit)))
    program.addCommand(command, { hidden: command.name() === "complete" });
  try {
    await program.parseAsync(argv);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : usageError;
  }
  return code;
}

function version(): string {
  // Our own package.json: two folders up, in the sources and when built.
  const own: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return typeof own === "object" && own !== null && "version" in own ? String(own.version) : "unknown";
}
