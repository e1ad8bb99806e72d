// `samspel register` and `samspel deregister`: entries for what runs elsewhere.
import { Command, Option } from "commander";
import type { Run } from "./run.ts";
import {
  joinedOptions,
  nameOption,
  portNumber,
  reachable,
  withJoinedOptions,
  withRegistry,
  type JoinedFlags,
} from "./joined-options.ts";

interface RegisterFlags extends JoinedFlags {
  readonly address: string;
  readonly keepAlive: boolean;
}

interface DeregisterFlags {
  readonly name?: string;
  readonly all: boolean;
  readonly registry: string;
}

const registerHelp = `
Examples:
  samspel register --name legacy --address 10.0.0.7 --port 443 --secure --proto legacy.binpb
  samspel register --name legacy --address 10.0.0.7 --port 9000 --keep-alive

The entry stays until samspel deregister takes it out, also while its check fails. A registry that loses its state
forgets it; with --keep-alive this command stays, puts it back, and takes it out when it ends or when the address
answers no more.`;

export function registerCommand(run: Run): Command {
  const command = new Command("register")
    .description("put a service that runs elsewhere into the registry, and leave it there")
    .addOption(nameOption().makeOptionMandatory())
    .addOption(
      new Option("--address <address>", "where callers reach it").argParser(reachable).makeOptionMandatory(),
    )
    .addOption(
      new Option("--port <port>", "where callers reach it").argParser(portNumber).makeOptionMandatory(),
    );
  return withRegistry(withJoinedOptions(command))
    .addOption(
      new Option("--keep-alive", "stay, and keep the entry there as long as the address answers").default(
        false,
      ),
    )
    .addHelpText("after", registerHelp)
    .action((flags: RegisterFlags) =>
      run(flags, async ({ registry, reporter }) => {
        const options = joinedOptions(flags, flags.address);
        if (!flags.keepAlive) {
          const { place } = await import("../../join/index.ts");
          const id = await place(registry, options, reporter);
          await registry.close();
          reporter.tell(`${flags.name} is in the registry at ${registry.url} as ${id}`);
          console.log(id);
          return 0;
        }
        const [{ runJoined }, { superviseProcesses }, { listenForEndSignals }] = await Promise.all([
          import("../../join/index.ts"),
          import("../../process/index.ts"),
          import("../end-signals.ts"),
        ]);
        const signals = listenForEndSignals();
        try {
          const supervisor = superviseProcesses();
          return await runJoined(
            { ...options, command: [], graceMs: 0 },
            { registry, supervisor, reporter, signals },
          );
        } finally {
          signals.close();
        }
      }),
    );
}

export function deregisterCommand(run: Run): Command {
  const command = new Command("deregister")
    .description("take an instance, or all of a service, out of the registry")
    .argument("[id]", "the instance's id, as samspel registry show tells it")
    .option("--name <name>", "the service's name, in place of an id")
    .addOption(new Option("--all", "all instances of --name").default(false));
  return withRegistry(command).action((id: string | undefined, flags: DeregisterFlags) => {
    const { name, all } = flags;
    if ((id === undefined) === (name === undefined)) {
      command.error("error: give the id of an instance, or --name <name>");
    }
    return run(flags, async ({ registry, reporter }) => {
      const { removeInstances } = await import("../../join/index.ts");
      const removed = await removeInstances(registry, { id, name, all });
      await registry.close();
      for (const { id: gone } of removed) reporter.tell(`${gone} is out of the registry at ${registry.url}`);
      return 0;
    });
  });
}
