// What happens to a joined program, a line each, in words.
import { RegistryError, type RegistryEvent } from "@samspel/registry";
import { JoinError, type JoinReporter } from "../../join/index.ts";
import { resolveColors } from "../../report/index.ts";

export interface EventReporter extends JoinReporter {
  event(event: RegistryEvent): void;
}

export function createJoinReporter(): EventReporter {
  const colors = resolveColors(process.stderr);
  const write = (text: string): void => {
    process.stderr.write(`${colors.dim("samspel:")} ${text}\n`);
  };
  const warn = (text: string): void => write(colors.yellow(text));
  return {
    tell: write,
    warn,
    fail: (error) => write(colors.red(explain(error))),
    event(event) {
      switch (event.type) {
        case "unreachable":
          return warn(event.error.message);
        case "recovered":
          return write(`the registry is back (${event.what})`);
        case "registered":
          if (event.again) warn(`the registry had forgotten ${event.id}: registered again`);
          return;
        case "unpublished":
          return warn(`the registry does not take the descriptors of ${event.id}: ${event.error.message}`);
        case "deregistered":
          return write(`${event.id} is out of the registry`);
        // The rest is of watches, which a joined program has none of.
        case "doubted":
        case "changed":
        case "discarded":
        case "failover":
        case "failback":
      }
    },
  };
}

/** What is thrown on purpose says all in its message, and so does a command that cannot be started. */
function explain(error: unknown): string {
  if (error instanceof JoinError || error instanceof RegistryError) return error.message;
  if (!(error instanceof Error)) return String(error);
  return error.message.startsWith("Cannot start ") ? error.message : (error.stack ?? error.message);
}
