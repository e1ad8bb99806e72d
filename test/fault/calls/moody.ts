// Instances that go bad on demand, in this process and in one of their own.
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import type { Test } from "tap";
import type { Target } from "../../../ts-runtime/src/client/index.ts";
import { startEcho, type Echo } from "../../integration/calls/echo-server.ts";

const quickMs = 2;
export const slowMs: number = 50 * quickMs;

export interface Moody {
  readonly echo: Echo;
  readonly target: Target;
  calls: number;
  mood: "well" | "slow" | "failing";
  slowMs: number;
}

/** An instance that takes 2 ms for a call, as long as it is well, and answers with its mood. */
export async function startMoody(t: Pick<Test, "teardown">): Promise<Moody> {
  const echo = await startEcho(
    t,
    {},
    {
      async echoOnce() {
        moody.calls += 1;
        await sleep(moody.mood === "slow" ? moody.slowMs : quickMs);
        if (moody.mood === "failing" && moody.calls % 10 < 3) throw new Error("three of ten fail");
        return { text: moody.mood };
      },
    },
  );
  const moody: Moody = { echo, target: echo.target, calls: 0, mood: "well", slowMs };
  return moody;
}

export async function startFour(t: Pick<Test, "teardown">): Promise<readonly [Moody, ...Moody[]]> {
  const [one, ...others] = await Promise.all([1, 2, 3, 4].map(() => startMoody(t)));
  if (one === undefined) throw new Error("there are four");
  return [one, ...others];
}

/** An instance in a process of its own. */
export async function startProcess(
  t: Pick<Test, "teardown">,
): Promise<{ readonly child: ChildProcess; readonly target: Target }> {
  const registry = await startEmbeddedRegistry({ port: 0 });
  t.teardown(() => registry.close());
  const child = fork(
    new URL("../../integration/calls/echo-process.ts", import.meta.url),
    ["mortal", registry.url],
    { execArgv: ["--conditions=samspel-source"] },
  );
  t.teardown(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  const [said]: unknown[] = await once(child, "message", { signal: AbortSignal.timeout(60_000) });
  const port = typeof said === "object" && said !== null && "port" in said ? Number(said.port) : 0;
  return { child, target: { address: "127.0.0.1", port, meta: {} } };
}
