// Starts a server and waits until it answers: by a line that it writes, or by asking it.
import { setTimeout as delay } from "node:timers/promises";
import { describeExit, type ProcessSpec, type SupervisedProcess, type Supervisor } from "../process/index.ts";
import type { InfraPartName } from "./infra.ts";
import { InfraError } from "./infra-error.ts";
import { partTitles, type LaunchedPart } from "./part.ts";

const probeIntervalMs = 15;
const readyTimeoutMs = 30_000;
const linesInError = 15;

/** How one knows that a server is ready. */
type Readiness =
  | { readonly type: "line"; readonly pattern: RegExp }
  | { readonly type: "probe"; readonly probe: () => Promise<boolean> };

export interface LaunchServerOptions {
  readonly part: InfraPartName;
  readonly supervisor: Supervisor;
  readonly spec: Omit<ProcessSpec, "name" | "tier">;
  readonly ready: Readiness;
  readonly signal: AbortSignal;
}

/** @throws InfraError with the server's last lines when it ends or does not get ready within 30 s. */
export async function launchServer(options: LaunchServerOptions): Promise<LaunchedPart> {
  const { part, supervisor, spec, ready, signal } = options;
  signal.throwIfAborted();
  const child = await supervisor.start({ ...spec, name: partTitles[part], tier: "infra" });
  const giveUp = AbortSignal.any([signal, AbortSignal.timeout(readyTimeoutMs)]);
  const settled = new AbortController();
  try {
    await Promise.race([
      ready.type === "line"
        ? lineSeen(child, ready.pattern)
        : probeSucceeds(ready.probe, AbortSignal.any([giveUp, settled.signal])),
      child.ended.then(({ exit }) => {
        throw failure(part, `it ${describeExit(exit)} before it was ready`, child);
      }),
      aborted(giveUp, settled.signal),
    ]);
  } catch (error) {
    await child.stop();
    if (signal.aborted) throw signal.reason;
    if (giveUp.aborted) throw failure(part, `it was not ready within ${readyTimeoutMs / 1000} s`, child);
    throw error;
  } finally {
    settled.abort();
  }
  return {
    pid: child.pid,
    ended: child.ended,
    lastLines: child.lastLines,
    stop: async () => void (await child.stop()),
    kill: async () => void (await child.kill()),
  };
}

function failure(part: InfraPartName, reason: string, child: SupervisedProcess): InfraError {
  const lines = child.lastLines.slice(-linesInError).map(({ text }) => `  ${text}`);
  const output = lines.length === 0 ? "It wrote nothing." : `Its last lines:\n${lines.join("\n")}`;
  return new InfraError(`Cannot start ${partTitles[part]} as ${reason}. ${output}`, { part });
}

function lineSeen(child: SupervisedProcess, pattern: RegExp): Promise<void> {
  return new Promise((resolve) => {
    const unsubscribe = child.onLine(({ text }) => {
      if (!pattern.test(text)) return;
      unsubscribe();
      resolve();
    });
  });
}

async function probeSucceeds(probe: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if (await probe().catch(() => false)) return;
    await delay(probeIntervalMs, undefined, { signal }).catch(() => {});
  }
  await new Promise<never>(() => {});
}

function aborted(signal: AbortSignal, settled: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true, signal: settled });
  });
}
