// `samspel generate`: code of proto files, and what is wrong with them.
import { Command, Option } from "commander";

/** As commander reads it. */
export interface GenerateOptions {
  readonly project?: string;
  readonly lint: boolean;
  readonly breaking: boolean;
  readonly against: string;
  readonly service?: string;
  readonly json: boolean;
}

const help = `
It runs buf lint, buf breaking against what git has, buf generate, and each service's own generate.sh.

Examples:
  samspel generate
  samspel generate --against main
  samspel generate --no-lint --no-breaking

Exit codes: 0 all is well; 1 something failed, or lint or breaking found something; 2 there is no project here.`;

/** Makes the command; `exit` gets the exit code. */
export function generateCommand(exit: (code: number) => void): Command {
  return new Command("generate")
    .description("generate the code of the project's proto files, lint them, and compare them with git")
    .addOption(new Option("-p, --project <dir>", "the project; default: the folder here, or one above"))
    .option("--no-lint", "without buf lint")
    .option("--no-breaking", "without buf breaking")
    .option("--against <ref>", "what git has, to compare with", "HEAD")
    .option("-s, --service <name>", "runs the generate.sh of this service only")
    .addOption(new Option("--json", "tell each part's result as JSON, one object a line").default(false))
    .exitOverride()
    .showHelpAfterError("(--help shows what there is)")
    .addHelpText("after", help)
    .action(async (options: GenerateOptions) => {
      // Help and mistakes need none of it.
      const { generate } = await import("./generate-command.ts");
      exit(await generate(options));
    });
}
