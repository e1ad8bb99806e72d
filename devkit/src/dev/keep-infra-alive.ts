// A part of infra that crashes is started again, on the same port and data: services reconnect by themselves.
import { setTimeout as sleep } from "node:timers/promises";
import type { Infra, InfraPartName, PartEnded } from "../infra/index.ts";
import type { DevReporter } from "./dev.ts";

const firstDelayMs = 500;
const longestDelayMs = 10_000;

/** Told when a part is down, with why, and when it is up again. */
export type OnPartState = (name: InfraPartName, down: PartEnded | undefined) => void;

/** Begins to watch; returns how to stop that. */
export function keepInfraAlive(infra: Infra, reporter: DevReporter, onState: OnPartState): () => void {
  const over = new AbortController();
  const { signal } = over;

  async function revive(ended: PartEnded): Promise<void> {
    const { name, exit, lastLines } = ended;
    let delayMs = firstDelayMs;
    onState(name, ended);
    reporter.event({ type: "crashed", name, exit, lastLines, restartInMs: delayMs });
    while (!signal.aborted) {
      try {
        await sleep(delayMs, undefined, { signal });
        await infra.restart(name);
        onState(name, undefined);
        reporter.event({ type: "recovered", name });
        return;
      } catch (error) {
        if (signal.aborted) return;
        delayMs = Math.min(longestDelayMs, delayMs * 2);
        const reason = error instanceof Error ? error.message : String(error);
        reporter.event({ type: "restart-failed", name, reason, restartInMs: delayMs });
      }
    }
  }

  const unsubscribe = infra.onEnded((ended) => void revive(ended));
  return () => {
    unsubscribe();
    over.abort();
  };
}
