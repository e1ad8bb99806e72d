// Consul agents of a test's own: for those that kill, freeze or partition them, and for settings that not all tests
// could live with.
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Test } from "tap";
import { freePort, superviseProcesses, type SupervisedProcess } from "../../devkit/src/process/index.ts";
import { until } from "./until.ts";

export interface ConsulAgent {
  readonly name: string;
  readonly url: string;
  readonly serfPort: number;
  readonly wanPort: number;
  /** Ends it with SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again on the same ports, with the state that it had, or without. */
  start(options?: { readonly empty?: boolean }): Promise<void>;
  /** SIGSTOP: it does nothing, and does not know. */
  freeze(): void;
  /** SIGCONT. */
  thaw(): void;
}

export interface ConsulAgentOptions {
  readonly name: string;
  /** How it takes part: `-dev`, or `-server` with more. Default `["-dev"]`. */
  readonly args?: readonly string[];
  /** Settings in HCL, one each. */
  readonly hcl?: readonly string[];
  /** Serves HTTPS alone, at this port. */
  readonly httpsPort?: number;
  /** Whether it shows itself to other datacenters. Default false. */
  readonly wan?: boolean;
  /** Whether it is up. Default: it knows a leader. */
  readonly isReady?: (url: string) => Promise<boolean>;
}

/** The program: `npm test` says where it is. */
export const consulCommand = (): string => process.env["TEST_CONSUL"] || "consul";

/** Prepares an agent; `start` starts it. It ends with the test, and its state with it. */
export async function consulAgent(
  t: Pick<Test, "teardown">,
  options: ConsulAgentOptions,
): Promise<ConsulAgent> {
  const { name, hcl = [], httpsPort, wan = false, isReady = knowsLeader } = options;
  const supervisor = superviseProcesses();
  t.teardown(() => supervisor.stop());
  const dataDir = mkdtempSync(join(tmpdir(), `samspel-consul-${name}-`));
  supervisor.removeAtEnd(dataDir);
  const [httpPort, serverPort, serfPort, wanPort] = await Promise.all([
    freePort(),
    freePort(),
    freePort(),
    freePort(),
  ]);
  const url = httpsPort === undefined ? `http://127.0.0.1:${httpPort}` : `https://127.0.0.1:${httpsPort}`;
  let running: SupervisedProcess | undefined;
  return {
    name,
    url,
    serfPort,
    wanPort,
    async kill() {
      await running?.kill();
    },
    async start({ empty = false } = {}) {
      const { args = ["-dev"] } = options;
      if (empty) await rm(dataDir, { recursive: true, force: true });
      running = await supervisor.start({
        name: `consul ${name}`,
        command: consulCommand(),
        args: [
          "agent",
          ...args,
          // In development mode nothing is on disk, whatever the folder.
          ...(args.includes("-dev") ? [] : [`-data-dir=${dataDir}`]),
          `-node=${name}`,
          "-log-level=warn",
          "-bind=127.0.0.1",
          "-client=127.0.0.1",
          `-http-port=${httpsPort === undefined ? httpPort : -1}`,
          `-https-port=${httpsPort ?? -1}`,
          `-server-port=${serverPort}`,
          `-serf-lan-port=${serfPort}`,
          `-serf-wan-port=${wan ? wanPort : -1}`,
          "-dns-port=-1",
          "-grpc-port=-1",
          "-grpc-tls-port=-1",
          ...["disable_update_check = true", "performance { raft_multiplier = 1 }", ...hcl].map(
            (each) => `-hcl=${each}`,
          ),
        ],
        graceMs: 3_000,
      });
      const { ended, lastLines } = running;
      let exit: string | undefined;
      void ended.then((end) => (exit = JSON.stringify(end.exit)));
      await until(
        `consul ${name} is up`,
        async () => {
          if (exit !== undefined) {
            throw new Error(`consul ${name} ended: ${exit}\n${lastLines.map(({ text }) => text).join("\n")}`);
          }
          return isReady(url).catch(() => false);
        },
        60_000,
      );
    },
    freeze: () => signal(running, "SIGSTOP"),
    thaw: () => signal(running, "SIGCONT"),
  };
}

function signal(child: SupervisedProcess | undefined, name: "SIGSTOP" | "SIGCONT"): void {
  if (child === undefined) throw new Error("The agent does not run");
  process.kill(child.pid, name);
}

async function knowsLeader(url: string): Promise<boolean> {
  return (await leaderOf(url)) !== "";
}

/** The address of the leading server, as an agent knows it; empty for none. */
async function leaderOf(url: string): Promise<string> {
  const response = await fetch(`${url}/v1/status/leader`, { signal: AbortSignal.timeout(2_000) });
  return response.ok ? String(await response.json()) : "";
}

export interface ConsulCluster {
  readonly servers: readonly ConsulAgent[];
  /** An agent without a vote, as one runs beside services. */
  readonly client: ConsulAgent;
  /** The server that leads now. */
  leader(): Promise<ConsulAgent>;
}

/** Starts three servers that elect a leader, and an agent that has joined them. */
export async function startConsulCluster(t: Test): Promise<ConsulCluster> {
  const joined: string[] = [];
  const servers: ConsulAgent[] = [];
  for (const name of ["server-1", "server-2", "server-3"]) {
    // The ports of all must be known before the first starts: each agent reads the list when it starts.
    servers.push(
      await consulAgent(t, {
        name,
        get args() {
          return ["-server", "-bootstrap-expect=3", ...joined];
        },
      }),
    );
  }
  joined.push("-retry-interval=1s", ...servers.map(({ serfPort }) => `-retry-join=127.0.0.1:${serfPort}`));
  await Promise.all(servers.map((server) => server.start()));
  const client = await consulAgent(t, { name: "client", args: joined });
  await client.start();
  return {
    servers,
    client,
    async leader() {
      for (const server of servers) {
        const response = await fetch(`${server.url}/v1/agent/self`, {
          signal: AbortSignal.timeout(2_000),
        }).catch(() => undefined);
        if (response === undefined) continue;
        const self: unknown = await response.json();
        if (JSON.stringify(self).includes('"leader":"true"')) return server;
      }
      throw new Error("No server leads");
    },
  };
}
