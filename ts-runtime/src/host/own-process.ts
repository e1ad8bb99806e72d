// A service that is what its process is for: how the two begin and end together.
import process from "node:process";
import { RegistryError } from "@samspel/registry";
import { SamspelError } from "../errors/index.ts";
import type { Logger } from "../telemetry/index.ts";

const signals = ["SIGTERM", "SIGINT"] as const;

/**
 * Stops the service on the first SIGTERM or SIGINT, in order, and then ends the process; a second signal ends it at
 * once (A2). Dispose it when the service was stopped otherwise.
 */
export function stopOnSignals(stop: () => Promise<void>, logger: Logger): Disposable {
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) {
      logger.warn({ signal }, "second signal: ending at once");
      process.exit(1);
    }
    stopping = true;
    logger.info({ signal }, "stopping");
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, "stop failed");
        process.exit(1);
      },
    );
  };
  for (const signal of signals) process.on(signal, onSignal);
  return {
    [Symbol.dispose]() {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}

/** Ends the process over a start that failed: one line that says why, and code 1 (A1). */
export function endOnFailedStart(error: unknown, logger: Logger): never {
  if (error instanceof SamspelError || error instanceof RegistryError) {
    logger.fatal({ code: error.code }, error.message);
  } else {
    logger.fatal({ err: error }, "the service failed to start");
  }
  process.exit(1);
}
