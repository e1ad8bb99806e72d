// `samspel dashboard`: the dashboard of a system that runs elsewhere.
import { Command, Option } from "commander";
import { portNumber } from "../join/joined-options.ts";
import type { DashboardFlags } from "./dashboard-command.ts";

const examples = `
Examples:
  samspel dashboard                                          of what is in CONSUL_HTTP_ADDR
  samspel dashboard --registry http://10.0.0.5:8500 --nats nats://10.0.0.5:4222
  samspel dashboard --otlp-port 4318                         services send their spans there
  samspel dashboard --host 0.0.0.0 --allow-host dev.example  prints a link with a token

Nothing can be started or stopped from there, and no output is seen: \`samspel dev\` has a dashboard that can.
Ctrl-C ends it. Exit codes: 0 ended; 1 it could not start; 2 the command line is wrong.`;

/** Makes the command; `exit` gets the exit code. */
export function dashboardCommand(exit: (code: number) => void): Command {
  return new Command("dashboard")
    .description("look at a system that runs: its services, APIs, traces, entities and background work")
    .addOption(
      new Option("--registry <url>", "Consul's HTTP address; a token is taken from CONSUL_HTTP_TOKEN")
        .env("CONSUL_HTTP_ADDR")
        .default("http://127.0.0.1:8500"),
    )
    .addOption(
      new Option("--port <port>", "where to listen; 0 chooses a free port")
        .argParser(portNumber)
        .default(undefined, "the same in each run, if it is free"),
    )
    .addOption(new Option("--host <address>", "where to listen").default("127.0.0.1"))
    .addOption(
      new Option("--token <token>", "who opens it must show it; beyond the loopback there is always one").env(
        "SAMSPEL_DASHBOARD_TOKEN",
      ),
    )
    .addOption(
      new Option("--allow-host <name...>", "names under which browsers reach it, such as a proxy's").default(
        [],
      ),
    )
    .addOption(
      new Option("--nats <url>", "NATS with JetStream, to tell, and for messages of topics").env("NATS_URL"),
    )
    .addOption(
      new Option("--topic-prefix <prefix>", "as the services have it")
        .env("SAMSPEL_TOPIC_PREFIX")
        .default(""),
    )
    .addOption(
      new Option(
        "--otlp-port <port>",
        "takes spans there by OTLP/HTTP, on the loopback; without it there are no traces",
      ).argParser(portNumber),
    )
    .addOption(new Option("--gateway <url>", "where the system's gateway is, for links"))
    .addOption(new Option("--assets <dir>", "other pages than the built ones").hideHelp())
    .addOption(new Option("--json", "tell what happens as JSON, one object a line").default(false))
    .addHelpText("after", examples)
    .exitOverride()
    .showHelpAfterError("(samspel dashboard --help shows what there is)")
    .action(async (flags: DashboardFlags) => {
      // Help and mistakes need none of it.
      const { runDashboard } = await import("./dashboard-command.ts");
      exit(await runDashboard(flags));
    });
}
