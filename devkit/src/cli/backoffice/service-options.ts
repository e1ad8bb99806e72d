// What every command says about the service that it talks to, and about its output.
import { Command, Option } from "commander";

/** As commander reads it. */
export interface ServiceOptions {
  readonly service?: string;
  readonly url?: string;
  readonly registry?: string;
  readonly json: boolean;
}

/** A command of its name and its arguments: `replay [ids...]`. */
export function commandOf(usage: string): Command {
  const [name = "", ...args] = usage.split(" ");
  const command = new Command(name);
  for (const argument of args) command.argument(argument);
  return command;
}

/** Gives a command these options, and our way to end. */
export function forService(command: Command): Command {
  return command
    .option("-s, --service <name>", "the service, by its name in the registry")
    .option("--url <url>", "the service, by its address, such as http://127.0.0.1:26071")
    .addOption(
      new Option(
        "--registry <url>",
        "Consul's HTTP address; default: that of the project here, else http://127.0.0.1:8500",
      ).env("CONSUL_HTTP_ADDR"),
    )
    .addOption(new Option("--json", "tell the answer as JSON").default(false))
    .exitOverride()
    .showHelpAfterError("(--help shows what there is)");
}
