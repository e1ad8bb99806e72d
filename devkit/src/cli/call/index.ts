// `samspel call`: calls or tells any method of any service.
import { Command, Option } from "commander";
import { forBroker, type BrokerOptions } from "../system/index.ts";

/** As commander reads it. */
export interface CallOptions extends BrokerOptions {
  readonly header: readonly string[];
  readonly deadline?: string;
  readonly instance?: string;
  readonly tell: boolean;
  readonly wait: boolean;
  readonly commandId?: string;
  readonly proto: readonly string[];
  readonly as: string;
  readonly template: boolean;
}

const help = `
A method is as short as it is clear: CartService/AddItem. Without a request, an empty one is sent. A stream of requests
takes one JSON object from each argument, or else from each line of standard input, as it comes. A service that has no
instance that is well, as it restarts, is waited for, 5 s at the most.

Examples:
  samspel call                                         all methods that can be called
  samspel call CartService/AddItem --template          a request to begin with
  samspel call CartService/AddItem '{"cartId": "c1", "sku": "apple", "quantity": 2}'
  samspel call ShippingService/Ship '{"orderId": "o1"}' --tell
  samspel call CartTopics/CheckedOut '{"beginning": true}' --json | jq .message
  generate-orders | samspel call OrderService/Import --deadline 5m

Exit codes: 0 OK; 1 the service refused (such as INVALID_ARGUMENT, NOT_FOUND, FAILED_PRECONDITION); 2 nothing was sent;
3 it may succeed when it is sent again (such as UNAVAILABLE, DEADLINE_EXCEEDED, ABORTED); 4 the service has a defect (such
as INTERNAL, UNIMPLEMENTED); 130 interrupted.`;

/** Makes the command; `exit` gets the exit code. */
export function callCommand(exit: (code: number) => void): Command {
  return forBroker(new Command("call"))
    .description("call or tell a method of any service, with JSON")
    .argument("[method]", "<proto service>/<method>; without it, the methods that there are")
    .argument(
      "[json...]",
      "the request, `-` for standard input, or `@file`; several for a stream of requests",
    )
    .option("-H, --header <name: value>", "a request header; repeatable", collect, [])
    .option("--deadline <time>", "such as 500ms, 30s or 5m; default 10s, of streams of answers none")
    .option("--instance <id>", "goes to this instance of the registry")
    .addOption(new Option("--tell", "tells in place of asking, and waits for the reply").default(false))
    .option("--no-wait", "with --tell: is done when the tell is stored, and says its receipt")
    .option("--command-id <id>", "an entity or an inbox handles it once, however often it is sent")
    .option(
      "--proto <path>",
      "descriptor sets, proto files or folders of them, for what the registry and reflection do not know; repeatable",
      collect,
      [],
    )
    .option("--as <service>", "as whom services with an identity are called", "samspel")
    .addOption(new Option("--template", "shows a request to begin with, and sends nothing").default(false))
    .addHelpText("after", help)
    .action(async (method: string | undefined, json: readonly string[], options: CallOptions) => {
      // Help and mistakes need none of it.
      const { call } = await import("./call-command.ts");
      exit(await call({ method, json, options }));
    });
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
