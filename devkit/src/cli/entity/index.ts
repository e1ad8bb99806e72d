// `samspel entity`: what entities are, what happened to them, and what they were at any revision.
import { Command } from "commander";
import { forSystem, type SystemOptions } from "../system/index.ts";
import type { EntityTools } from "./run.ts";

/** What every command says. */
export interface EntityOptions extends SystemOptions {
  readonly service?: string;
}

export interface ListOptions extends EntityOptions {
  readonly prefix: string;
  readonly limit: string;
}

export interface HistoryOptions extends EntityOptions {
  readonly after: string;
  readonly limit: string;
  readonly states: boolean;
}

export interface ShowOptions extends EntityOptions {
  readonly at?: string;
}

const help = `
An entity is <type>/<id>: cart/42. It is looked up in the journals of all services that say what is in theirs: in
production that takes SAMSPEL_INSPECTION=true.

Examples:
  samspel entity ls                      the types of entities, of all services
  samspel entity ls cart --prefix 2026-
  samspel entity history cart/42
  samspel entity show cart/42 --at 7     as it was after event 7

Exit codes: 0 done; 1 there is no such entity, or revision; 2 it could not be looked at.`;

/** Makes the command; `exit` gets the exit code. */
export function entityCommand(exit: (code: number) => void): Command {
  const entity = new Command("entity")
    .description("look into entities: which there are, what happened to them, what they were")
    .exitOverride()
    .addHelpText("after", help);
  const run = async (
    options: EntityOptions,
    work: (tools: EntityTools) => Promise<number>,
  ): Promise<void> => {
    // Help and mistakes need none of it.
    const { runOnEntities } = await import("./run.ts");
    exit(await runOnEntities(options, work));
  };
  ofService(entity.command("ls"))
    .description("the types of entities; of one type, the entities that have events")
    .argument("[type]", "such as cart")
    .option("--prefix <text>", "only ids that begin so", "")
    .option("-n, --limit <count>", "at most so many entities", "100")
    .action((type: string | undefined, options: ListOptions) =>
      run(options, async (tools) => (await import("./list.ts")).list(tools, type, options)),
    );
  ofService(entity.command("history"))
    .description("what happened to an entity, and what came of each event")
    .argument("<entity>", "such as cart/42")
    .option("--after <revision>", "only what came after this revision", "0")
    .option("-n, --limit <count>", "at most so many events", "100")
    .option("--no-states", "leaves out the state after each event")
    .action((id: string, options: HistoryOptions) =>
      run(options, async (tools) => (await import("./history.ts")).history(tools, id, options)),
    );
  ofService(entity.command("show"))
    .description("the state of an entity, now or at an earlier revision")
    .argument("<entity>", "such as cart/42")
    .option("--at <revision>", "after this event; 0 is before the first one")
    .action((id: string, options: ShowOptions) =>
      run(options, async (tools) => (await import("./show.ts")).show(tools, id, options)),
    );
  return entity;
}

function ofService(command: Command): Command {
  return forSystem(command).option(
    "-s, --service <name>",
    "the service that has the entity, where several have a type of this name",
  );
}
