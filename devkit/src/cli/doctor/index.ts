// `samspel doctor`: whether all is there that a project needs.
import { Command, Option } from "commander";

/** As commander reads it. */
export interface DoctorOptions {
  readonly project?: string;
  readonly json: boolean;
}

const help = `
It looks at Node, buf, the npm packages, what the project's services are built with, Postgres, NATS and the registry, and
ports. It changes nothing.

Examples:
  samspel doctor
  samspel doctor --json | jq 'select(.state != "ok")'

Exit codes: 0 all is there; 1 something is wrong, with how to mend it.`;

/** Makes the command; `exit` gets the exit code. */
export function doctorCommand(exit: (code: number) => void): Command {
  return new Command("doctor")
    .description("look whether all is there that the project needs, and how to get what is not")
    .addOption(new Option("-p, --project <dir>", "the project; default: the folder here, or one above"))
    .addOption(new Option("--json", "tell each finding as JSON, one object a line").default(false))
    .exitOverride()
    .showHelpAfterError("(--help shows what there is)")
    .addHelpText("after", help)
    .action(async (options: DoctorOptions) => {
      // Help and mistakes need none of it.
      const { doctor } = await import("./doctor-command.ts");
      exit(await doctor(options));
    });
}
