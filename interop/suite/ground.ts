// What a direction stands on: a real Consul of its own, which may be killed, and its own names in the Postgres and the
// NATS that others use as well.
import { randomUUID } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type NatsConnection } from "nats";
import postgres from "postgres";
import { startInfra, type Infra } from "samspel/infra";
import type { Supervisor } from "samspel/process";

export interface Servers {
  readonly databaseUrl: string;
  readonly natsUrl: string;
}

export interface Ground extends AsyncDisposable {
  readonly supervisor: Supervisor;
  readonly databaseUrl: string;
  readonly natsUrl: string;
  readonly registryUrl: string;
  readonly topicPrefix: string;
  readonly schema: string;
  readonly nats: NatsConnection;
  /** Ends the registry as a crash does. */
  killRegistry(): Promise<void>;
  /** Starts it again on the same port; it has forgotten all. */
  restartRegistry(): Promise<void>;
}

export async function prepareGround(
  { databaseUrl, natsUrl }: Servers,
  supervisor: Supervisor,
  signal: AbortSignal,
): Promise<Ground> {
  const dataDir = mkdtempSync(join(tmpdir(), "samspel-interop-"));
  supervisor.removeAtEnd(dataDir);
  const infra = await startConsul({ dataDir, databaseUrl, natsUrl, supervisor, signal });
  const nats = await connect({ servers: natsUrl });
  const name = `interop-${randomUUID().slice(0, 8)}`;
  const topicPrefix = `${name}-`;
  const schema = name.replace("-", "_");
  return {
    supervisor,
    databaseUrl,
    natsUrl,
    registryUrl: infra.registryUrl,
    topicPrefix,
    schema,
    nats,
    killRegistry: () => infra.kill("registry"),
    restartRegistry: () => infra.restart("registry"),
    async [Symbol.asyncDispose]() {
      await infra.stop();
      await removeStreams(nats, topicPrefix);
      await nats.close();
      const sql = postgres(databaseUrl, { max: 1, onnotice: () => {} });
      await sql`drop schema if exists ${sql(schema)} cascade`;
      await sql.end();
    },
  };
}

interface ConsulOptions extends Servers {
  readonly dataDir: string;
  readonly supervisor: Supervisor;
  readonly signal: AbortSignal;
}

/** Of infra, only the registry is started: the rest is given. */
function startConsul({ dataDir, databaseUrl, natsUrl, supervisor, signal }: ConsulOptions): Promise<Infra> {
  const given = {
    postgres: "INTEROP_DATABASE_URL",
    nats: "INTEROP_NATS_URL",
    registry: "INTEROP_CONSUL_URL",
  };
  process.env[given.postgres] = databaseUrl;
  process.env[given.nats] = natsUrl;
  return startInfra({ dataDir, registry: "consul", variables: given, supervisor, signal });
}

async function removeStreams(nats: NatsConnection, prefix: string): Promise<void> {
  const manager = await nats.jetstreamManager();
  for await (const name of manager.streams.names()) {
    if (name.replace(/^KV_/, "").startsWith(prefix)) await manager.streams.delete(name);
  }
}
