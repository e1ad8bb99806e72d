// Runs the checks: asks those that are asked, expires those with a TTL, and forgets the services of those that have
// been critical for too long.
import type { AgentState, CheckEntry, CheckStatus } from "./agent-state.ts";
import type { ProbeDefinition } from "./check-definition.ts";
import { createProbe } from "./check-probes.ts";

export interface CheckKeeper {
  /** Puts a check, in place of one of the same id, whose status it keeps as in Consul; and runs it. */
  add(entry: CheckEntry): void;
  remove(checkId: string): void;
  removeAll(serviceId: string): void;
  /** A status that a TTL check's owner reports. */
  report(checkId: string, status: CheckStatus, output: string): void;
  close(): void;
}

export function createCheckKeeper(state: AgentState): CheckKeeper {
  const running = new Map<string, () => void>();
  const expiries = new Map<string, NodeJS.Timeout>();
  const reapers = new Map<string, NodeJS.Timeout>();

  const set = (checkId: string, status: CheckStatus, output: string): void => {
    const check = state.check(checkId);
    if (check === undefined) return;
    state.setStatus(checkId, status, output);
    const afterMs = check.definition.deregisterAfterMs;
    if (status !== "critical") {
      clearTimeout(reapers.get(checkId));
      reapers.delete(checkId);
    } else if (afterMs !== undefined && check.serviceId !== "" && !reapers.has(checkId)) {
      reapers.set(
        checkId,
        setTimeout(() => {
          removeAll(check.serviceId);
          state.removeService(check.serviceId);
        }, afterMs),
      );
    }
  };
  const expireAfter = (checkId: string, ttlMs: number): void => {
    clearTimeout(expiries.get(checkId));
    expiries.set(
      checkId,
      setTimeout(() => set(checkId, "critical", "TTL expired"), ttlMs),
    );
  };
  const stop = (checkId: string): void => {
    running.get(checkId)?.();
    running.delete(checkId);
    for (const timers of [expiries, reapers]) {
      clearTimeout(timers.get(checkId));
      timers.delete(checkId);
    }
  };
  const remove = (checkId: string): void => {
    stop(checkId);
    state.removeCheck(checkId);
  };
  function removeAll(serviceId: string): void {
    for (const check of state.checksOf(serviceId)) remove(check.id);
  }

  return {
    add(entry) {
      const before = state.check(entry.id);
      stop(entry.id);
      const { status, output } = before ?? entry;
      state.putCheck({ ...entry, status, output });
      set(entry.id, status, output);
      const { definition } = entry;
      if (definition.type === "ttl") {
        if (status !== "critical") expireAfter(entry.id, definition.ttlMs);
      } else if (definition.type !== "maintenance") {
        running.set(
          entry.id,
          runProbe(definition, (status, output) => set(entry.id, status, output)),
        );
      }
    },
    remove,
    removeAll,
    report(checkId, status, output) {
      const definition = state.check(checkId)?.definition;
      if (definition?.type !== "ttl") return;
      set(checkId, status, output);
      expireAfter(checkId, definition.ttlMs);
    },
    close() {
      for (const check of state.checks()) stop(check.id);
    },
  };
}

/** Probes at once and then every interval, until the returned function is called. */
function runProbe(
  definition: ProbeDefinition,
  report: (status: CheckStatus, output: string) => void,
): () => void {
  const probe = createProbe(definition);
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const look = async (): Promise<void> => {
    const { status, output } = await probe.run();
    if (stopped) return;
    report(status, output);
    timer = setTimeout(() => void look(), definition.intervalMs);
  };
  void look();
  return () => {
    stopped = true;
    clearTimeout(timer);
    probe.close();
  };
}
