// Waits until a process that was started is a service that others can call, and says clearly why it is not.
import type { SupervisedProcess } from "../process/index.ts";
import type { RegisteredInstance } from "./dev.ts";
import { DevError, endedBadly } from "./dev-error.ts";
import { untilPassing } from "./registered-instance.ts";

export interface UntilReadyOptions {
  readonly name: string;
  readonly port: number;
  readonly registryUrl: string;
  readonly registryToken?: string | undefined;
  readonly readyTimeoutMs: number;
  readonly signal: AbortSignal;
  /** Told what it waits for, each time that this changes. */
  readonly progress: (reason: string) => void;
}

/**
 * Resolves when the registry says that the instance passes its checks.
 *
 * @throws DevError when the process ends or the time is over; the reason of `signal` when it aborts.
 */
export async function untilReady(
  started: SupervisedProcess,
  options: UntilReadyOptions,
): Promise<RegisteredInstance> {
  const { name, port, registryUrl, registryToken, readyTimeoutMs, signal, progress } = options;
  let waitingFor = "waiting for it to register";
  let timedOut = false;
  const over = new AbortController();
  const timer = setTimeout(() => {
    timedOut = true;
    over.abort();
  }, readyTimeoutMs);
  const crashed = started.ended.then(({ exit }) => {
    throw endedBadly(`${name} did not start: it`, exit, started.lastLines);
  });
  try {
    const passing = untilPassing({
      registryUrl,
      ...(registryToken === undefined ? {} : { token: registryToken }),
      service: name,
      port,
      signal: AbortSignal.any([signal, over.signal]),
      waitingFor(reason) {
        if (reason !== waitingFor) progress(reason);
        waitingFor = reason;
      },
    });
    return await Promise.race([passing, crashed]);
  } catch (error) {
    if (timedOut)
      throw new DevError(
        `${name} is not ready after ${readyTimeoutMs / 1000} s: it runs (pid ${started.pid}); last seen: ` +
          waitingFor,
        { lines: started.lastLines },
      );
    throw error;
  } finally {
    clearTimeout(timer);
    over.abort();
  }
}
