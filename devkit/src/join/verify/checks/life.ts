// How an instance stays and how it goes: these checks change something, and run only where the user says so.
import { setTimeout as sleep } from "node:timers/promises";
import { failed, passed, skipped, type Check } from "../check.ts";
import type { Subject } from "../subject.ts";
import { entryCheck } from "./registration.ts";

const backWithinMs = 10_000;
const goneWithinMs = 5_000;
const defaultGraceMs = 35_000;
const lookMs = 50;

async function isRegistered({ registry, entry, options }: Subject): Promise<boolean> {
  const instances = await registry.instances(entry?.Service.Service ?? options.name ?? "");
  return instances.some(({ Service }) => Service.ID === entry?.Service.ID);
}

/** Milliseconds until it holds; undefined where it did not in time. */
async function untilHolds(
  condition: () => boolean | Promise<boolean>,
  withinMs: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  const startedMs = performance.now();
  for (;;) {
    if (await condition()) return Math.round(performance.now() - startedMs);
    if (performance.now() - startedMs > withinMs) return undefined;
    await sleep(lookMs, undefined, { signal });
  }
}

const kept = entryCheck({
  rule: "REG-11",
  level: "must",
  title: "it registers again when the registry has forgotten it",
  disruptive: true,
  async run({ Service: { ID } }, subject, signal) {
    const { registry } = subject;
    if (!(await registry.knows(ID))) {
      return skipped(
        `the agent at ${registry.url} is not the one that ${ID} registered with: give that one's --registry`,
      );
    }
    await registry.deregister(ID);
    const ms = await untilHolds(() => registry.knows(ID), backWithinMs, signal);
    if (ms !== undefined) return passed(`after ${ms} ms`);
    return failed(
      `${ID} was deregistered, and is not back after ${backWithinMs / 1_000} s (it is still missing)`,
      "back within 5 s: agents are restarted without their state",
      "ask /v1/agent/service/<ID> with ?hash as a long poll, or every 2 s, and register again on 404; restart the service now",
    );
  },
});

const leaves = entryCheck({
  rule: "DRAIN-1",
  level: "must",
  title: "on SIGTERM it leaves the registry",
  disruptive: true,
  async run({ Service: { ID } }, subject, signal) {
    const { pid } = subject.options;
    if (pid === undefined) return skipped("its process is not known: --pid");
    process.kill(pid, "SIGTERM");
    const ms = await untilHolds(async () => !(await isRegistered(subject)), goneWithinMs, signal);
    if (ms !== undefined) return passed(`after ${ms} ms`);
    return failed(
      `${ID} is still registered ${goneWithinMs / 1_000} s after SIGTERM`,
      "it deregisters first, so that nobody calls it any more",
      "on SIGTERM, call PUT /v1/agent/service/deregister/<ID> before the server stops",
    );
  },
});

const ends: Check = {
  rule: "DRAIN-2",
  level: "must",
  title: "on SIGTERM it ends within its grace",
  after: ["DRAIN-1"],
  disruptive: true,
  async run(subject, signal) {
    const { pid, graceMs = defaultGraceMs } = subject.options;
    if (pid === undefined) return skipped("its process is not known: --pid");
    const ms = await untilHolds(() => !isRunning(pid), graceMs, signal);
    if (ms !== undefined) return passed(`${ms} ms after it left; its exit code cannot be seen from here`);
    return failed(
      `process ${pid} still runs ${graceMs / 1_000} s after it left the registry`,
      "what is in flight gets 30 s, then it ends",
      "end calls that are still there after 30 s, and exit with code 0",
    );
  },
};

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

export const lifeChecks: readonly Check[] = [kept, leaves, ends];
