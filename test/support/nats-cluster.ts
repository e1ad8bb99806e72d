// Three nats-servers of a test's own that replicate streams.
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "nats";
import type { Test } from "tap";
import { freePort, superviseProcesses, type SupervisedProcess } from "../../devkit/src/process/index.ts";
import { until } from "./until.ts";

export interface TestNatsCluster {
  /** Of all servers, with commas between. */
  readonly url: string;
  readonly servers: readonly SupervisedProcess[];
}

/** Starts the servers; resolves when JetStream has a leader. */
export async function startNatsCluster(t: Test): Promise<TestNatsCluster> {
  const supervisor = superviseProcesses();
  t.teardown(() => supervisor.stop());
  const dataDir = await mkdtemp(join(tmpdir(), "samspel-nats-"));
  supervisor.removeAtEnd(dataDir);
  const names = ["n1", "n2", "n3"];
  const ports = await Promise.all(names.map(() => freePort()));
  const routes = await Promise.all(names.map(() => freePort()));
  const servers = await Promise.all(
    names.map((name, index) =>
      supervisor.start({
        name,
        command: process.env["TEST_NATS_SERVER"] ?? "nats-server",
        args: [
          "-a",
          "127.0.0.1",
          "-p",
          String(ports[index]),
          "-js",
          "-sd",
          join(dataDir, name),
          "--server_name",
          name,
          "--cluster_name",
          "test",
          "--cluster",
          `nats://127.0.0.1:${routes[index]}`,
          "--routes",
          routes.map((port) => `nats://127.0.0.1:${port}`).join(","),
        ],
      }),
    ),
  );
  const urls = ports.map((port) => `nats://127.0.0.1:${port}`);
  const connection = await connect({ servers: urls, waitOnFirstConnect: true, reconnectTimeWait: 50 });
  t.teardown(() => connection.close());
  await until(
    "three servers replicate",
    async () => {
      try {
        const manager = await connection.jetstreamManager();
        await manager.streams.add({ name: "probe", subjects: ["probe"], num_replicas: 3 });
        return await manager.streams.delete("probe");
      } catch {
        return false;
      }
    },
    60_000,
  );
  return { url: urls.join(","), servers };
}
