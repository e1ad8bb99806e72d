// A program of the suite that runs: a process of some language, known to the registry.
import { createGrpcTransport } from "@connectrpc/connect-node";
import { createClient, type Client } from "@connectrpc/connect";
import { describeExit, freePort, type ProcessExit, type SupervisedProcess } from "samspel/process";
import { until } from "../../test/support/until.ts";
import { ScenarioDriver, ScenarioService } from "../typescript/gen/samspel/scenario/v1/scenario_pb.ts";
import type { Ground } from "./ground.ts";
import type { Language } from "./language.ts";
import { identityOptions } from "./suite-identity.ts";

export interface Program {
  /** Its name in the registry. */
  readonly service: string;
  readonly port: number;
  readonly process: SupervisedProcess;
  readonly scenario: Client<typeof ScenarioService>;
  readonly driver: Client<typeof ScenarioDriver>;
  /** SIGTERM, and how it ended. */
  stop(): Promise<ProcessExit>;
}

export interface ProgramOptions {
  readonly mode: "serve" | "drive";
  /** What `served_by` tells it by. */
  readonly instance?: string;
  readonly identity?: boolean;
}

// The time of a start on a machine that is busy with everything else.
const readyMs = 60_000;

/** Starts a program and waits until callers find it. */
export async function startProgram(
  ground: Ground,
  { name, folder, scenario: [command = "", ...args] }: Language,
  { mode, instance, identity = false }: ProgramOptions,
): Promise<Program> {
  const service = `${mode === "serve" ? "scenario" : "driver"}-${name}`;
  const port = await freePort();
  const child = await ground.supervisor.start({
    name: instance === undefined ? service : `${service}/${instance}`,
    command,
    args: [...args, mode],
    cwd: folder,
    graceMs: 30_000,
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      SAMSPEL_PORT: String(port),
      SAMSPEL_TOPIC_PREFIX: ground.topicPrefix,
      NATS_URL: ground.natsUrl,
      CONSUL_HTTP_ADDR: ground.registryUrl,
      ...(mode === "serve" ? { DATABASE_URL: ground.databaseUrl, SAMSPEL_SCHEMA: ground.schema } : {}),
      ...(instance === undefined ? {} : { SCENARIO_INSTANCE: instance }),
      ...(identity ? { SAMSPEL_IDENTITY: "consul" } : {}),
    },
  });
  await until(
    `${child.name} is in the registry`,
    async () => {
      if (child.state.type === "ended") throw new Error(lastWords(child));
      return isRegistered(ground, service, port);
    },
    readyMs,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${lastWords(child)}`, { cause: error });
  });
  const transport = identity
    ? createGrpcTransport(await identityOptions(ground.registryUrl, port))
    : createGrpcTransport({ baseUrl: `http://127.0.0.1:${port}` });
  return {
    service,
    port,
    process: child,
    scenario: createClient(ScenarioService, transport),
    driver: createClient(ScenarioDriver, transport),
    stop: () => child.stop(),
  };
}

/** What it wrote last. */
function lastWords(child: SupervisedProcess): string {
  const how = child.state.type === "ended" ? describeExit(child.state.exit) : child.state.type;
  const lines = child.lastLines.slice(-15).map(({ text }) => `    ${text.slice(0, 500)}`);
  return [`${child.name} ${how}; it wrote:`, ...lines].join("\n");
}

/** What Consul says of an instance, as far as the suite looks. */
export interface RegistryEntry {
  readonly Service: {
    readonly ID: string;
    readonly Address: string;
    readonly Port: number;
    readonly Tags: readonly string[];
    readonly Meta: Readonly<Record<string, string>>;
  };
  readonly Checks: readonly { readonly CheckID: string; readonly Status: string }[];
}

/** Whether callers are told of it. */
export async function isRegistered(ground: Ground, service: string, port: number): Promise<boolean> {
  return (await instancesOf(ground, service)).some(({ Service }) => Service.Port === port);
}

/** The passing instances of a service; none while the registry does not answer. */
export async function instancesOf(
  { registryUrl }: Ground,
  service: string,
): Promise<readonly RegistryEntry[]> {
  const answer = await fetch(`${registryUrl}/v1/health/service/${service}?passing=1`).catch(() => undefined);
  // The shape is Consul's.
  return answer?.ok === true ? ((await answer.json()) as readonly RegistryEntry[]) : [];
}
