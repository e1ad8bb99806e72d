// A nats-server of a test's own, for those that kill it.
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "nats";
import type { Test } from "tap";
import { freePort, superviseProcesses, type SupervisedProcess } from "../../devkit/src/process/index.ts";

export interface TestNatsServer {
  readonly url: string;
  /** Ends it with SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with the same data. */
  start(): Promise<void>;
}

/** Starts a nats-server; it ends with the test, and its data with it. */
export async function startNatsServer(
  t: Test,
  options: { readonly jetStream?: boolean } = {},
): Promise<TestNatsServer> {
  const { jetStream = true } = options;
  const supervisor = superviseProcesses();
  t.teardown(() => supervisor.stop());
  const dataDir = await mkdtemp(join(tmpdir(), "samspel-nats-"));
  supervisor.removeAtEnd(dataDir);
  const port = await freePort();
  const url = `nats://127.0.0.1:${port}`;
  let server: SupervisedProcess | undefined;
  const start = async (): Promise<void> => {
    server = await supervisor.start({
      name: "nats-server",
      command: process.env["TEST_NATS_SERVER"] ?? "nats-server",
      args: ["-a", "127.0.0.1", "-p", String(port), ...(jetStream ? ["-js", "-sd", dataDir] : [])],
    });
    const connection = await connect({ servers: url, waitOnFirstConnect: true, reconnectTimeWait: 50 });
    await connection.close();
  };
  await start();
  return {
    url,
    start,
    async kill() {
      await server?.kill();
    },
  };
}
