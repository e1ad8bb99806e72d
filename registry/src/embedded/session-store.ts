// Sessions: what locks belong to. One ends when it is destroyed, when its TTL is over, or when a check that it is
// tied to turns critical or goes.
import { randomUUID } from "node:crypto";
import type { AgentState } from "./agent-state.ts";
import type { IndexClock } from "./index-clock.ts";
import type { KvStore } from "./kv-store.ts";
import { nodeCheckId } from "./node.ts";
import { Refusal } from "./refusal.ts";

export interface SessionSpec {
  readonly name: string;
  readonly ttlMs: number | undefined;
  /** As it was written, for answers. */
  readonly ttl: string;
  readonly lockDelayMs: number;
  readonly behavior: "release" | "delete";
  readonly nodeChecks: readonly string[];
  readonly serviceChecks: readonly string[];
}

export interface Session extends SessionSpec {
  readonly id: string;
  readonly createIndex: bigint;
}

export interface SessionStore {
  get(id: string): Session | undefined;
  list(): readonly Session[];
  indexOf(id: string): bigint;
  readonly index: bigint;
  /** @throws Refusal 500 if a check that it shall be tied to is missing or critical. */
  create(spec: SessionSpec): Session;
  renew(id: string): Session | undefined;
  destroy(id: string): void;
  close(): void;
}

const resource = "sessions";

export function createSessionStore(state: AgentState, kv: KvStore, clock: IndexClock): SessionStore {
  const sessions = new Map<string, Session>();
  const expiries = new Map<string, NodeJS.Timeout>();

  const destroy = (id: string): void => {
    const session = sessions.get(id);
    if (session === undefined) return;
    sessions.delete(id);
    clearTimeout(expiries.get(id));
    expiries.delete(id);
    clock.touch(resource, `session:${id}`);
    kv.endSession(id, session.behavior, session.lockDelayMs);
  };
  /** Consul promises no end before the TTL and ends after twice that. */
  const schedule = ({ id, ttlMs }: Session): void => {
    clearTimeout(expiries.get(id));
    if (ttlMs !== undefined) expiries.set(id, setTimeout(destroy, ttlMs * 2, id));
  };
  state.onCheckDown((checkId) => {
    for (const { id, nodeChecks, serviceChecks } of sessions.values()) {
      if (nodeChecks.includes(checkId) || serviceChecks.includes(checkId)) destroy(id);
    }
  });

  return {
    get: (id) => sessions.get(id),
    list: () => [...sessions.values()],
    indexOf: (id) => clock.of(`session:${id}`),
    get index() {
      return clock.of(resource);
    },
    create(spec) {
      for (const checkId of [...spec.nodeChecks, ...spec.serviceChecks]) {
        if (checkId === nodeCheckId) continue;
        const check = state.check(checkId);
        if (check === undefined)
          throw new Refusal(500, `apply failed: Missing check '${checkId}' registration`);
        if (check.status === "critical") {
          throw new Refusal(500, `apply failed: Check '${checkId}' is in critical state`);
        }
      }
      const id = randomUUID();
      const session: Session = { ...spec, id, createIndex: clock.touch(resource, `session:${id}`) };
      sessions.set(id, session);
      schedule(session);
      return session;
    },
    renew(id) {
      const session = sessions.get(id);
      if (session !== undefined) schedule(session);
      return session;
    },
    destroy,
    close() {
      for (const timer of expiries.values()) clearTimeout(timer);
    },
  };
}
