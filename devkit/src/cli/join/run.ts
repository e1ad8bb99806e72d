// Runs a command on the registry: what it says goes to standard error, as standard output is the joined program's.
import type { Registry, RegistryEvent } from "@samspel/registry";
import type { JoinReporter } from "../../join/index.ts";

interface Tools {
  readonly registry: Registry;
  readonly reporter: JoinReporter;
}

/** What a command does; it resolves with an exit code. */
type Work = (tools: Tools) => Promise<number>;

/** How commands run, with their exit code told to whoever ends the process. */
export type Run = (options: { readonly registry: string }, work: Work) => Promise<void>;

export function runner(exit: (code: number) => void): Run {
  return async ({ registry: url }, work) => {
    // Help and mistakes need none of it.
    const [{ createRegistry }, { createJoinReporter }] = await Promise.all([
      import("@samspel/registry"),
      import("./reporter.ts"),
    ]);
    const reporter = createJoinReporter();
    try {
      const onEvent = (event: RegistryEvent): void => reporter.event(event);
      const registry = createRegistry({ url, onEvent });
      exit(await work({ registry, reporter }));
    } catch (error) {
      reporter.fail(error);
      exit(1);
    }
  };
}
