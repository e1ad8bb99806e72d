// Keeps infra while anybody has a lease on it.
import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startInfra } from "../../infra/index.ts";
import { superviseProcesses } from "../../process/index.ts";
import type { InfraAddresses } from "./shared-infra.ts";

/** What the keeper writes down for those who look for it. */
export interface KeeperRecord {
  readonly port: number;
  readonly token: string;
  /** For people. */
  readonly pid: number;
}

export interface KeeperOptions {
  /** The file that says where the keeper is. */
  readonly record: string;
  /** It ends when nobody had a lease for so long. */
  readonly idleMs: number;
}

export interface Keeper {
  /** Resolves when everything is stopped. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** Starts infra, with data that nobody keeps, and serves leases. @throws InfraError when it cannot be started. */
export async function keepInfra({ record, idleMs }: KeeperOptions): Promise<Keeper> {
  const supervisor = superviseProcesses();
  const folder = await mkdtemp(join(tmpdir(), "samspel-test-infra-"));
  // Under root, Postgres runs as another user, who must pass.
  await chmod(folder, 0o711);
  supervisor.removeAtEnd(folder);
  const infra = await startInfra({
    dataDir: folder,
    supervisor,
    // Nothing here is to survive a power cut; each system under test has connections of its own.
    postgresSettings: {
      fsync: "off",
      full_page_writes: "off",
      max_connections: 500,
      max_prepared_transactions: 8,
    },
  }).catch(async (error: unknown) => {
    await supervisor.stop();
    throw error;
  });
  const { databaseUrl, natsUrl } = infra;
  const addresses: InfraAddresses = { databaseUrl, natsUrl };
  const token = randomBytes(16).toString("hex");
  const leases = new Set<Socket>();
  const ended = Promise.withResolvers<void>();
  let stopping: Promise<void> | undefined;
  let idle: NodeJS.Timeout | undefined;

  const server = createServer((socket) => {
    socket.on("error", () => {});
    let shown = "";
    socket.on("data", (bytes) => {
      if (leases.has(socket)) return;
      shown += bytes.toString("latin1");
      if (shown.length < token.length + 1) return;
      if (shown !== `${token}\n` || stopping !== undefined) {
        socket.destroy();
        return;
      }
      leases.add(socket);
      clearTimeout(idle);
      socket.write(`${JSON.stringify(addresses)}\n`);
    });
    socket.once("close", () => {
      leases.delete(socket);
      waitForSomebody();
    });
  });
  const end = async (): Promise<void> => {
    clearTimeout(idle);
    // First, so that whoever comes now starts another one.
    await rm(record, { force: true });
    server.close();
    for (const socket of leases) socket.destroy();
    await infra.stop();
    await supervisor.stop();
    ended.resolve();
  };
  const stop = (): Promise<void> => (stopping ??= end());
  const waitForSomebody = (): void => {
    clearTimeout(idle);
    if (leases.size === 0 && stopping === undefined) idle = setTimeout(() => void stop(), idleMs);
  };
  // What ended by itself is of no use: the next one starts all anew.
  infra.onEnded(() => void stop());
  await once(server.listen(0, "127.0.0.1"), "listening");
  // A server on a TCP port has an address of this kind.
  const { port } = server.address() as AddressInfo;
  const content: KeeperRecord = { port, token, pid: process.pid };
  await writeFile(`${record}.${process.pid}`, JSON.stringify(content), { mode: 0o600 });
  await rename(`${record}.${process.pid}`, record);
  waitForSomebody();
  return { ended: ended.promise, stop };
}
