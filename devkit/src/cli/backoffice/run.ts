// Runs a command against a service: what it answers goes to standard output, why it could not to standard error.
import type { ServiceOptions } from "./service-options.ts";
import type { BackofficeClient } from "./connect.ts";
import type { Printer } from "./printer.ts";

/** 1 where the service refused, or not all went well; 2 where it could not be asked. */
export type ExitCode = 0 | 1 | 2;

/** What a command does; it resolves with an exit code, or with nothing for 0. */
type Work = (service: {
  readonly client: BackofficeClient;
  readonly printer: Printer;
}) => Promise<ExitCode | void>;

/** How commands run, with their exit code told to whoever ends the process. */
export type Run = (options: ServiceOptions, work: Work) => Promise<void>;

export function runner(exit: (code: number) => void): Run {
  return async (options, work) => {
    // Help and mistakes need none of it.
    const [{ connectBackoffice }, { createPrinter }, { explain }] = await Promise.all([
      import("./connect.ts"),
      import("./printer.ts"),
      import("./explain.ts"),
    ]);
    try {
      const client = await connectBackoffice(options);
      exit((await work({ client, printer: createPrinter(options) })) ?? 0);
    } catch (error) {
      const { message, code } = explain(error);
      console.error(message);
      exit(code);
    }
  };
}
