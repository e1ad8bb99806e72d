// `samspel join verify`: whether a running service keeps the joining contract.
import { Command, InvalidArgumentError, Option } from "commander";

/** 0 where each MUST holds, 1 where one does not, 2 where it could not be verified. */
type Exit = (code: number) => void;

interface VerifyCommandOptions {
  readonly name?: string;
  readonly url?: string;
  readonly instance?: string;
  readonly registry: string;
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly timeout: number;
  readonly nats?: string;
  readonly topicPrefix: string;
  readonly group?: readonly string[];
  readonly as: string;
  readonly disruptive: boolean;
  readonly pid?: number;
  readonly grace: number;
  readonly strict: boolean;
  readonly json: boolean;
  readonly color: boolean;
}

/** Makes the command; `exit` gets the exit code. */
export function verifyCommand(exit: Exit): Command {
  return new Command("verify")
    .description("see whether a running service, in whatever language, keeps the joining contract")
    .option("-n, --name <name>", "the service, by its name in the registry")
    .option("--url <url>", "the address of one that is not registered, such as http://127.0.0.1:26071")
    .option("--instance <id>", "which of its instances, by its id in the registry (default: the first)")
    .addOption(
      new Option("--registry <url>", "Consul's HTTP address")
        .env("CONSUL_HTTP_ADDR")
        .default("http://127.0.0.1:8500"),
    )
    .option("--only <rules...>", "these rules alone, such as REG-3 or HEALTH")
    .option("--skip <rules...>", "all but these rules")
    .option("--timeout <seconds>", "how long one answer may take", seconds, 5)
    .addOption(new Option("--nats <url>", "NATS, to look at topics and tells").env("NATS_URL"))
    .addOption(
      new Option("--topic-prefix <prefix>", "what stands before the names of streams")
        .env("SAMSPEL_TOPIC_PREFIX")
        .default(""),
    )
    .option("--group <names...>", "the groups in which it consumes topics (default: its name)")
    .option("--as <service>", "whom to be where it wants a certificate", "samspel-verify")
    .option("--disruptive", "also what changes something: deregister it; with --pid, end it", false)
    .option("--pid <pid>", "its process on this machine, to see how it ends", processId)
    .option("--grace <seconds>", "how long it may take to end", seconds, 35)
    .option("--strict", "warnings count as failures", false)
    .option("--json", "tell what is found as JSON, one object a line", false)
    .option("--no-color", "write without colours")
    .exitOverride()
    .showHelpAfterError("(samspel join verify --help shows what there is)")
    .action(async (options: VerifyCommandOptions) => {
      // Help and mistakes need none of it.
      const [{ verifyService, VerifyOptionError, RegistryUnanswered }, { createVerifyReport }] =
        await Promise.all([import("../../join/verify/index.ts"), import("./verify-report.ts")]);
      const { registry, timeout, grace, nats, group, strict, json, color, ...rest } = options;
      const report = createVerifyReport({ json, color, strict });
      try {
        const verdict = await verifyService(
          {
            ...rest,
            registryUrl: withScheme(registry),
            token: process.env["CONSUL_HTTP_TOKEN"] || undefined,
            timeoutMs: timeout * 1_000,
            graceMs: grace * 1_000,
            natsUrl: nats,
            ...(group === undefined ? {} : { groups: group }),
          },
          report,
        );
        report.end(verdict);
        exit((strict ? verdict.isPerfect : verdict.holds) ? 0 : 1);
      } catch (error) {
        report.clear();
        const isUsage = error instanceof VerifyOptionError || error instanceof RegistryUnanswered;
        // Else it is a defect of ours, and its stack helps.
        console.error(isUsage ? error.message : error);
        exit(2);
      }
    });
}

/** `127.0.0.1:8500` is what CONSUL_HTTP_ADDR holds for Consul's own tools. */
function withScheme(address: string): string {
  return /^[a-z]+:\/\//.test(address) ? address : `http://${address}`;
}

function seconds(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 600) return value;
  throw new InvalidArgumentError("It must be more than 0 and at most 600.");
}

function processId(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 1) return value;
  throw new InvalidArgumentError("It must be the id of a process.");
}
