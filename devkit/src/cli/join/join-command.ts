// `samspel join`: runs any gRPC program and joins it, or joins one that runs already.
import { Command, Option } from "commander";
import type { Run } from "./run.ts";
import {
  joinedOptions,
  nameOption,
  portNumber,
  positive,
  reachable,
  withJoinedOptions,
  withRegistry,
  type JoinedFlags,
} from "./joined-options.ts";

/** The name and the port are not mandatory to commander, which would want them for `join verify` as well. */
interface JoinFlags extends Omit<JoinedFlags, "name" | "port"> {
  readonly name?: string;
  readonly port?: number;
  readonly host: string;
  readonly grace: number;
}

const examples = `
Examples:
  samspel join --name inventory --port 50051 -- python server.py
  samspel join --name inventory --port 0 -- python server.py --port {port}
  samspel join --name inventory --port 50051 --proto proto/ -- ./server      it has no reflection
  samspel join --name inventory --port 50051                                 it runs already

With --port 0 a free port is chosen: the program gets it as PORT and SAMSPEL_PORT, and in place of {port}.
On SIGTERM and Ctrl-C the program leaves the registry first, then it gets the signal; a second one kills it.
The exit code is the program's; 1 where it could not be joined, 2 where the command line is wrong.`;

export function joinCommand(run: Run): Command {
  const command = new Command("join")
    .description("run a gRPC program of any language, or find one that runs, and keep it in the registry")
    .argument("[command...]", "the program and its arguments, after --; without it, one that runs is joined")
    .addOption(nameOption())
    .addOption(
      new Option("--port <port>", "where the program listens; 0 chooses a free port").argParser(portNumber),
    )
    .addOption(
      new Option("--host <address>", "where callers reach it").argParser(reachable).default("127.0.0.1"),
    );
  return withRegistry(withJoinedOptions(command))
    .addOption(
      new Option("--grace <seconds>", "how long the program may take to end before it is killed")
        .argParser(positive)
        .default(30),
    )
    .passThroughOptions()
    .addHelpText("after", examples)
    .action((program: readonly string[], { name, port, ...rest }: JoinFlags) => {
      if (name === undefined) return command.error("error: --name <name> is missing");
      if (port === undefined) return command.error("error: --port <port> is missing");
      const flags = { ...rest, name, port };
      if (flags.port === 0 && program.length === 0) {
        command.error("error: --port 0 needs a command to run: one that runs already has its port");
      }
      return run(flags, async ({ registry, reporter }) => {
        const [{ runJoined }, { superviseProcesses }, { listenForEndSignals }] = await Promise.all([
          import("../../join/index.ts"),
          import("../../process/index.ts"),
          import("../end-signals.ts"),
        ]);
        const signals = listenForEndSignals();
        await using supervisor = superviseProcesses();
        try {
          const options = joinedOptions(flags, flags.host);
          return await runJoined(
            { ...options, command: program, graceMs: flags.grace * 1_000 },
            { registry, supervisor, reporter, signals },
          );
        } finally {
          signals.close();
        }
      });
    });
}
