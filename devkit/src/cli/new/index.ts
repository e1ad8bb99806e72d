// `samspel new`: a project, or a service of one.
import { Command, Option } from "commander";
import { languages, type Language } from "../../scaffold/languages.ts";

interface NewOptions {
  readonly install: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** As commander reads it. */
export interface ProjectOptions extends NewOptions {
  readonly packages?: string;
}

/** As commander reads it. */
export interface ServiceOptions extends NewOptions {
  readonly lang: Language;
  readonly project?: string;
  readonly repository?: string;
}

const help = `
Nothing is overwritten: where a file is there already, nothing is made.

Examples:
  samspel new shop                             a project in ./shop, which runs and is tested at once
  samspel new shop --dry-run                   the files that it would have
  samspel new service shipping --lang go       one more service of the project here

Exit codes: 0 done; 1 it was made, but something that was run for it failed; 2 nothing was made.`;

/** Makes the command; `exit` gets the exit code. */
export function newCommand(exit: (code: number) => void): Command {
  const project = common(new Command("new"))
    .description("make a project, or a service of one")
    .argument("<folder>", "the project's folder; its name is the last part")
    .option("--packages <folder>", "tarballs of Samspel's packages, in place of npm's")
    // `new service x` is the command below.
    .enablePositionalOptions()
    .addHelpText("after", help)
    .action(async (folder: string, options: ProjectOptions) => {
      // Help and mistakes need none of it.
      const { makeProject } = await import("./new-command.ts");
      exit(await makeProject(folder, options));
    });
  project.addCommand(
    common(new Command("service"))
      .description("make a service of a project: a proto file, a program that serves it, a test")
      .argument("<name>", "its name in the registry: a DNS label")
      .addOption(new Option("--lang <language>", "what it is written in").choices(languages).default("ts"))
      .addOption(new Option("-p, --project <dir>", "the project; default: the folder here, or one above"))
      .option(
        "--repository <folder>",
        "a clone of Samspel's repository, for its libraries of other languages",
      )
      .addHelpText("after", help)
      .action(async (name: string, options: ServiceOptions) => {
        const { makeService } = await import("./new-command.ts");
        exit(await makeService(name, options));
      }),
  );
  return project;
}

function common(command: Command): Command {
  return command
    .option("--no-install", "makes the files, and neither installs packages nor generates code")
    .addOption(new Option("--dry-run", "tells the files, and makes none").default(false))
    .addOption(new Option("--json", "tell the result as JSON").default(false))
    .exitOverride()
    .showHelpAfterError("(--help shows what there is)");
}
