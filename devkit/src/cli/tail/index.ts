// `samspel tail`: what is published to a topic, as it comes.
import { Command } from "commander";
import { forBroker, type BrokerOptions } from "../system/index.ts";

/** As commander reads it. */
export interface TailOptions extends BrokerOptions {
  readonly from: string;
  readonly follow: boolean;
  readonly limit?: string;
  readonly key?: string;
  readonly proto: readonly string[];
}

const help = `
A topic is as short as it is clear: CartTopics/CheckedOut, or its name on the wire. A live topic keeps nothing, so it
shows what is published from now on. Nothing is consumed: groups do not notice.

Examples:
  samspel tail                                         the topics that there are
  samspel tail CartTopics/CheckedOut
  samspel tail CartTopics/CheckedOut --from beginning --no-follow --json
  samspel tail CartTopics/CheckedOut --from 10m --key cart-1

Exit codes: 0 all was shown that was asked for; 2 it could not be read; 130 interrupted.`;

/** Makes the command; `exit` gets the exit code. */
export function tailCommand(exit: (code: number) => void): Command {
  return forBroker(new Command("tail"))
    .description("show what is published to a topic, decoded, as it comes")
    .argument("[topic]", "the topic; without it, the topics that there are")
    .option(
      "--from <place>",
      "beginning, end, a time such as 2026-01-31T12:00:00Z, so long ago as 10m, or a number in the stream",
      "end",
    )
    .option("--no-follow", "ends after what is there now")
    .option("-n, --limit <count>", "ends after so many messages")
    .option("--key <key>", "only messages of this key")
    .option(
      "--proto <path>",
      "descriptor sets, proto files or folders of them, for a topic whose service is not registered; repeatable",
      (value: string, before: readonly string[]) => [...before, value],
      [],
    )
    .addHelpText("after", help)
    .action(async (topic: string | undefined, options: TailOptions) => {
      // Help and mistakes need none of it.
      const { tail } = await import("./tail-command.ts");
      exit(await tail(topic, options));
    });
}
