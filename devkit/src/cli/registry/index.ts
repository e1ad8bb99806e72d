// `samspel registry`: what is registered, and what changes between versions of it.
import { Command, Option } from "commander";
import type { DiffOptions } from "./diff-command.ts";
import { runner, type Run } from "./run.ts";

/** What every command says. */
export interface RegistryOptions {
  readonly registry?: string;
  readonly json: boolean;
}

const diffHelp = `
<a> and <b> are what changed from and to: a service, <service>@<version>, an instance's id, or the hash of a descriptor
set. With --against-proto, <a> is compared with proto files, such as those of the next version.

Examples:
  samspel registry diff stock@1.4.0 stock@1.5.0
  buf build -o next.binpb && samspel registry diff stock --against-proto next.binpb

Exit codes: 0 nothing breaks callers; 1 something does; 2 the comparison could not be made.`;

/** Makes the command; `exit` gets the exit code. */
export function registryCommand(exit: (code: number) => void): Command {
  const run: Run = runner(exit);
  const registry = new Command("registry").description("look at what is registered").exitOverride();
  forRegistry(registry.command("ls"))
    .description("the services, their instances and their health")
    .action((options: RegistryOptions) =>
      run(options, async (tools) => (await import("./show-commands.ts")).list(tools)),
    );
  forRegistry(registry.command("show"))
    .argument("<service>", "its name")
    .description("the instances of a service, its methods, and who calls them")
    .action((service: string, options: RegistryOptions) =>
      run(options, async (tools) => (await import("./show-commands.ts")).show(tools, service)),
    );
  forRegistry(registry.command("diff"))
    .argument("<a>", "what it was")
    .argument("[b]", "what it is")
    .description("what changed between two versions of an API, and what of it breaks callers")
    .option("--against-proto <path>", "what it is: proto files, or a descriptor set")
    .addHelpText("after", diffHelp)
    .action((a: string, b: string | undefined, options: DiffOptions) =>
      run(options, async (tools) =>
        (await import("./diff-command.ts")).showDiff(tools, { a, b, ...options }),
      ),
    );
  return registry;
}

function forRegistry(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--registry <url>",
        "Consul's HTTP address; default: that of the project here, else http://127.0.0.1:8500. A token is taken from CONSUL_HTTP_TOKEN",
      ).env("CONSUL_HTTP_ADDR"),
    )
    .addOption(new Option("--json", "tell the answer as JSON").default(false))
    .exitOverride()
    .showHelpAfterError("(--help shows what there is)");
}
