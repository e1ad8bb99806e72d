// Runs a command on the registry: what it found goes to standard output, why it could not to standard error.
import type { Registry } from "@samspel/registry";
import type { Printer } from "../backoffice/printer.ts";
import type { RegistryOptions } from "./index.ts";

export interface Tools {
  readonly registry: Registry;
  readonly printer: Printer;
  readonly json: boolean;
}

/** 1 where something breaks callers; 2 where it could not be looked at. */
export type ExitCode = 0 | 1 | 2;

/** How commands run, with their exit code told to whoever ends the process. */
export type Run = (options: RegistryOptions, work: (tools: Tools) => Promise<ExitCode>) => Promise<void>;

export function runner(exit: (code: number) => void): Run {
  return async ({ registry: asked, json }, work) => {
    // Help and mistakes need none of it.
    const [
      { createRegistry, RegistryError },
      { createPrinter },
      { ViewError },
      { JoinError },
      { findSystem },
    ] = await Promise.all([
      import("@samspel/registry"),
      import("../backoffice/printer.ts"),
      import("../../registry-view/index.ts"),
      import("../../join/index.ts"),
      import("../system/find-system.ts"),
    ]);
    try {
      const { registryUrl: url } = await findSystem({ registry: asked });
      await using registry = createRegistry({ url });
      exit(await work({ registry, printer: createPrinter({ json }), json }));
    } catch (error) {
      const isMeant =
        error instanceof RegistryError || error instanceof ViewError || error instanceof JoinError;
      // Anything else is a defect, and its stack helps.
      console.error(isMeant ? error.message : error);
      exit(2);
    }
  };
}
