// A2: the first signal stops the service in order, a second one ends the process at once.
import process from "node:process";
import type { Logger } from "../telemetry/index.ts";

const signals = ["SIGTERM", "SIGINT"] as const;

/** Stops the service on SIGTERM and SIGINT, then ends the process. Dispose it when the service was stopped otherwise. */
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
