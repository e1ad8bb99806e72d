// Puts a planned service into its place in the system: its port, its edges, its settings.
import { createLogger } from "@samspel/runtime/testing";
import type { Supervisor } from "../process/index.ts";
import type { Ground } from "./ground/index.ts";
import { createInnerMember, createProcessMember, type Member, type SystemLog } from "./members/index.ts";
import type { Plan } from "./plan.ts";
import type { Wiring } from "./wiring/index.ts";

const host = "127.0.0.1";
const drainMs = 5_000;

export interface MemberPlace {
  readonly ground: Ground;
  readonly wiring: Wiring;
  readonly supervisor: Supervisor;
  readonly log: SystemLog;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readyTimeoutMs: number;
  readonly identity: "none" | "consul";
}

/** Creates the member; it is not started yet. */
export async function createMember(name: string, plan: Plan, place: MemberPlace): Promise<Member> {
  const { ground, wiring, supervisor, log, env, readyTimeoutMs, identity } = place;
  const seen = await wiring.infraOf(name);
  const { topicPrefix } = ground;
  const infra = { databaseUrl: seen.postgres, natsUrl: seen.nats, registryUrl: seen.registry };
  const ports = {
    onPort: (port: number): void => wiring.claimPort(name, port),
    onPortGone: (port: number): void => wiring.retirePort(port),
  };
  if (plan.type === "inner") {
    const logger = createLogger({
      service: name,
      level: env["LOG_LEVEL"] ?? "info",
      write: (line) => log.add(name, line.trimEnd()),
    });
    return createInnerMember({
      name,
      settings: {
        name: plan.registered,
        host,
        port: 0,
        ...infra,
        topicPrefix,
        drainMs,
        freezeStates: true,
        ownsProcess: false,
        identity,
        logger,
      },
      start: plan.start,
      around: wiring.around(name),
      ...ports,
    });
  }
  return createProcessMember({
    name,
    registered: plan.registered,
    command: plan.command,
    cwd: plan.cwd,
    env: (port) => ({
      ...plan.environment({ infra, host, port }),
      SAMSPEL_TOPIC_PREFIX: topicPrefix,
      SAMSPEL_IDENTITY: identity,
    }),
    host,
    ...ports,
    registryUrl: ground.registry.url,
    readyTimeoutMs,
    supervisor,
    log,
  });
}
