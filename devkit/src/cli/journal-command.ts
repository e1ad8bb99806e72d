// `samspel journal`: what can be asked of a service's journal.
import { Command, InvalidArgumentError, Option } from "commander";
import type { JournalCheckCommandOptions } from "./journal-check.ts";

const example = `
Example, for CI, before a version is deployed:
  buf build -o cart.binpb
  samspel journal check --schema cart --descriptors cart.binpb

Exit codes: 0 the version can read all stored events; 1 it cannot; 2 the check could not be made.`;

/** Makes the command; `exit` gets the exit code. */
export function journalCommand(exit: (code: number) => void): Command {
  const journal = new Command("journal").description("ask a service's journal").exitOverride();
  journal
    .command("check")
    .description("whether a version's proto files can read what the journal holds; nothing is written")
    .addOption(new Option("--database <url>", "the Postgres of the service").env("DATABASE_URL"))
    .requiredOption("--schema <name>", 'the schema of the service: its name, "-" made "_"')
    .requiredOption("--descriptors <file>", "the version's proto files, as `buf build -o <file>` makes them")
    .addOption(
      new Option(
        "--event <entity=message>",
        "the event message of an entity, where it was renamed; repeatable",
      )
        .argParser(addEvent)
        .default(new Map<string, string>(), "as it was stored"),
    )
    .option("--entity <name...>", "check only these entities")
    .addOption(new Option("--json", "tell the result as JSON").default(false))
    .addHelpText("after", example)
    .exitOverride()
    .showHelpAfterError("(samspel journal check --help shows what there is)")
    .action(async (options: JournalCheckCommandOptions) => {
      // Help and mistakes need none of it.
      const { journalCheck } = await import("./journal-check.ts");
      exit(await journalCheck(options));
    });
  return journal;
}

function addEvent(value: string, before: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const [, entity, message] = /^([^=]+)=([^=]+)$/.exec(value) ?? [];
  if (entity !== undefined && message !== undefined) return new Map([...before, [entity, message]]);
  throw new InvalidArgumentError("It must be entity=message, such as cart=cart.v2.CartEvent.");
}
