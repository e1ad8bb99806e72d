// `samspel policy`: what the registry says is to happen to calls, seen and changed while the system runs.
import { Command } from "commander";
import { forSystem, type SystemOptions } from "../system/index.ts";

/** As commander reads it. */
export interface PolicyOptions extends SystemOptions {
  /** A service whose processes alone are meant. */
  readonly for?: string;
  readonly proto: readonly string[];
}

export interface GetOptions extends PolicyOptions {
  readonly all: boolean;
  readonly stored: boolean;
}

export interface SetOptions extends PolicyOptions {
  readonly file?: string;
}

const help = `
A policy is set for all who call or serve a proto service, or with --for for the processes of one service alone. It comes
before what proto files and processes say, and holds for the next call. A target is a proto service or a method, as short
as it is clear: InventoryService, InventoryService/Reserve.

Examples:
  samspel policy ls
  samspel policy get InventoryService
  samspel policy set InventoryService/Reserve timeoutMs=500ms retry.maxAttempts=5
  samspel policy set InventoryService/GetStock hedge.delayMs=50 --for cart
  samspel policy set InventoryService breaker=off instances.preferZone=false
  samspel policy unset InventoryService/Reserve timeoutMs
  samspel policy unset InventoryService

Exit codes: 0 done; 2 it could not be done.`;

const setHelp = `
A field is <path>=<value>: a number, a time (500ms, 2s, 1m), true, false, none, unlimited, or a word. hedge, breaker and
instances.ejection are on or off. What it would be is checked against the descriptors in the registry before anything is
written.

Examples:
  samspel policy set InventoryService timeoutMs=2s
  samspel policy set InventoryService/Reserve bulkhead.maxInFlight=50 bulkhead.maxWaiting=100
  samspel policy set InventoryService/GetStock hedge=on
  samspel policy set InventoryService --file policy.json     the whole of it, as \`get --stored\` prints it`;

/** Makes the command; `exit` gets the exit code. */
export function policyCommand(exit: (code: number) => void): Command {
  const policy = new Command("policy")
    .description("see and change what is to happen to calls: deadlines, retries, breakers, limits, balancing")
    .exitOverride()
    .addHelpText("after", help);
  // What the commands do is loaded when one runs: help and mistakes need none of it.
  forSystem(policy.command("ls"))
    .description("what is set in the registry, and what of it cannot be")
    .action(async (options: SystemOptions) => exit(await (await import("./list.ts")).list(options)));
  forTarget(policy.command("get"))
    .description("what holds for a proto service or a method, and where each value comes from")
    .argument("<target>", "a proto service, or one of its methods")
    .option("--all", "defaults, too; those of a method are always shown", false)
    .option("--stored", "what stands in the registry, as it is", false)
    .action(async (target: string, options: GetOptions) =>
      exit(await (await import("./get.ts")).get(target, options)),
    );
  forTarget(policy.command("set"))
    .description("set fields of a policy")
    .argument("<target>", "a proto service, or one of its methods")
    .argument("[fields...]", "such as timeoutMs=500 or breaker=off")
    .option("--file <path>", "the whole policy of a proto service, in JSON; - for standard input")
    .addHelpText("after", setHelp)
    .action(async (target: string, fields: readonly string[], options: SetOptions) =>
      exit(await (await import("./change.ts")).set(target, fields, options)),
    );
  forTarget(policy.command("unset"))
    .description("take fields out of a policy; without fields, all that is said of the target")
    .argument("<target>", "a proto service, or one of its methods")
    .argument("[fields...]", "such as timeoutMs or breaker")
    .action(async (target: string, fields: readonly string[], options: PolicyOptions) =>
      exit(await (await import("./change.ts")).unset(target, fields, options)),
    );
  return policy;
}

function forTarget(command: Command): Command {
  return forSystem(command)
    .option("--for <service>", "only for the processes of this service")
    .option(
      "--proto <path>",
      "descriptor sets, proto files or folders of them, for what is not registered; repeatable",
      (value: string, before: readonly string[]) => [...before, value],
      [],
    );
}
