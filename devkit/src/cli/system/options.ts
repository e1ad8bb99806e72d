// What every command says that is about a running system.
import { type Command, Option } from "commander";

export interface SystemOptions {
  readonly project?: string;
  readonly registry?: string;
  readonly json: boolean;
}

/** What commands say that also need NATS. */
export interface BrokerOptions extends SystemOptions {
  readonly nats?: string;
  readonly topicPrefix: string;
}

/** Gives a command these options, and our way to end. */
export function forSystem(command: Command): Command {
  return command
    .addOption(
      new Option(
        "-p, --project <dir>",
        "the project whose system is meant, as `samspel dev` started it; default: the folder here, or one above",
      ),
    )
    .addOption(
      new Option(
        "--registry <url>",
        "Consul's HTTP address; default: the project's, else http://127.0.0.1:8500. A token is taken from CONSUL_HTTP_TOKEN",
      ).env("CONSUL_HTTP_ADDR"),
    )
    .addOption(new Option("--json", "tell the answer as JSON, one object a line").default(false))
    .exitOverride()
    .showHelpAfterError("(--help shows what there is)");
}

/** The same, with NATS. */
export function forBroker(command: Command): Command {
  return forSystem(command)
    .addOption(
      new Option(
        "--nats <url>",
        "NATS with JetStream; default: the project's, else nats://127.0.0.1:4222",
      ).env("NATS_URL"),
    )
    .addOption(
      new Option("--topic-prefix <prefix>", "what stands before the names of streams and subjects")
        .env("SAMSPEL_TOPIC_PREFIX")
        .default(""),
    );
}
