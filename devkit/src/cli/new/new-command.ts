// `samspel new`: a project, or a service in one.
import { Command, Option } from "commander";
import { languages, type Language } from "../../scaffold/index.ts";

const newHelp = `
Examples:
  samspel new shop                           a project in the folder shop, with a service "hello" in TypeScript
  samspel new shop --service cart            its service is called cart
  samspel new service shipping --lang go     a service in Go, in the project of this folder

A file that is there is never written over: where one of the new files is, nothing is written at all.`;

const serviceHelp = `
Examples:
  samspel new service orders
  samspel new service shipping --lang go --project ../shop
  samspel new service shipping --lang go --dry-run

It makes the service's folder and its proto file, adds it to samspel.json, and generates its code. Languages beside
TypeScript need their own tools on PATH; \`samspel doctor\` tells what is missing.`;

export interface NewFlags {
  readonly install: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly packages?: string;
}

export interface NewProjectFlags extends NewFlags {
  readonly service: string;
}

export interface NewServiceFlags extends NewFlags {
  readonly lang: Language;
  readonly project: string;
}

export function newCommand(exit: (code: number) => void): Command {
  const command = withShared(
    new Command("new")
      .description("make a project, or add a service to one")
      .argument("[project]", "its name, and that of its folder")
      .option("--service <name>", "what its first service is called", "hello")
      .addHelpText("after", newHelp),
  );
  command.action(async (project: string | undefined, options: NewProjectFlags) => {
    if (project === undefined)
      return command.error("error: say what the project is called: samspel new shop");
    const { newProject } = await import("./new-project.ts");
    exit(await newProject(project, options));
  });
  const service = withShared(
    new Command("service")
      .description("add a service to the project of a folder")
      .argument("<name>", "what it is called: a-z, 0-9 and -")
      .addOption(
        new Option("-l, --lang <language>", "what it is written in")
          .choices([...languages, "ts"])
          .argParser((given) => (given === "ts" ? "typescript" : given))
          .default("typescript"),
      )
      .option("-p, --project <dir>", "the folder with samspel.json", ".")
      .addHelpText("after", serviceHelp),
  );
  service.action(async (name: string, options: NewServiceFlags) => {
    const { newService } = await import("./new-service.ts");
    exit(await newService(name, options));
  });
  return command.addCommand(service);
}

function withShared(command: Command): Command {
  return (
    command
      .option("--no-install", "write the files only: install nothing, generate nothing")
      .option("--dry-run", "tell what would be written, and write nothing", false)
      .option("--packages <dir>", "take Samspel's packages from this folder (`npm run pack` makes one)")
      .option("--json", "tell what was written as one line of JSON", false)
      // What comes after `service` is its own.
      .enablePositionalOptions()
      .exitOverride()
      .showHelpAfterError("(--help shows what there is)")
  );
}
