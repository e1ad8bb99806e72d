// What a system stands on: a database, a topic prefix and a registry of its own, in infra that others use, too.
//
//   G1. Everything bears the system's name, which it claims first (claim.ts).
//   G2. Everything is tried at the end, whatever fails; what could not be removed is named.
import { attemptAll, type Leak } from "@samspel/runtime/testing";
import { connect, type JetStreamManager, type NatsConnection } from "nats";
import { startRegistry, type StartedRegistry } from "../../infra/index.ts";
import type { Supervisor } from "../../process/index.ts";
import { claimSystem, deadAmong, systemOf, type Claim } from "./claim.ts";

export interface GroundOptions {
  /** A Postgres in which databases may be made. */
  readonly databaseUrl: string;
  /** NATS with JetStream. */
  readonly natsUrl: string;
  readonly registry: "embedded" | "consul";
  readonly supervisor: Supervisor;
}

export interface Ground {
  /** The system's name in infra, also that of its database. */
  readonly id: string;
  readonly databaseUrl: string;
  readonly natsUrl: string;
  readonly topicPrefix: string;
  readonly registry: StartedRegistry;
  /** A connection past all faults. */
  readonly nats: NatsConnection;
  /** Removes all of it; call it once, when nothing of the system runs. Returns what could not be removed. */
  remove(): Promise<readonly Leak[]>;
}

/** Lays the ground; nothing is left of it where that fails. */
export async function layGround(options: GroundOptions): Promise<Ground> {
  const { databaseUrl, natsUrl, registry: kind, supervisor } = options;
  await using begun = new AsyncDisposableStack();
  const claim = begun.adopt(await claimSystem(databaseUrl), (claim) => claim.release());
  const { id } = claim;
  const [nats, registry] = await Promise.all([
    connect({ servers: natsUrl, name: "samspel test system" }).then((connection) =>
      begun.adopt(connection, (connection) => connection.close()),
    ),
    startRegistry({ kind, supervisor }).then((started) =>
      begun.adopt(started, (registry) => registry.stop()),
    ),
    // Of template0, as template1 may be in use; without waiting for its blocks to be on the disk.
    claim.sql`create database ${claim.sql(id)} template template0`,
  ]);
  const manager = await nats.jetstreamManager();
  const swept = sweep(claim, manager).catch(() => {});
  begun.move();
  const url = new URL(databaseUrl);
  url.pathname = `/${id}`;
  return {
    id,
    databaseUrl: url.href,
    natsUrl,
    topicPrefix: topicPrefixOf(id),
    registry,
    nats,
    async remove() {
      await swept;
      return attemptAll([
        ["streams", () => removeStreams(manager, id)],
        ["connection to NATS", () => nats.close()],
        ["registry", () => registry.stop()],
        [`database ${id}`, () => dropDatabase(claim, id)],
        ["claim", () => claim.release()],
      ]);
    },
  };
}

const topicPrefixOf = (id: string): string => `${id.replaceAll("_", "-")}-`;

/** Removes what dead systems left; a failure is no reason to fail a test of the living. */
export async function sweep(
  claim: Claim,
  manager: JetStreamManager,
  ageMs?: number,
): Promise<readonly string[]> {
  const databases = await claim.sql<{ datname: string }[]>`
    select datname from pg_database where starts_with(datname, 'samspel_system_')`;
  const streams = await streamNames(manager);
  const names = [...databases.map(({ datname }) => datname), ...streams.map(withoutBucketMark)];
  const dead = await deadAmong(
    claim,
    names.flatMap((name) => systemOf(name) ?? []),
    ageMs,
  );
  for (const id of dead) {
    await removeStreams(manager, id);
    await dropDatabase(claim, id);
  }
  return dead;
}

async function dropDatabase({ sql }: Claim, id: string): Promise<void> {
  await sql`drop database if exists ${sql(id)} with (force)`;
}

async function streamNames(manager: JetStreamManager): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const name of manager.streams.names()) names.push(name);
  return names;
}

/** The bucket of a prefix's consumers is a stream, too, with a mark before its name. */
function withoutBucketMark(stream: string): string {
  return stream.replace(/^KV_/, "");
}

async function removeStreams(manager: JetStreamManager, id: string): Promise<void> {
  const own = (await streamNames(manager)).filter((name) =>
    withoutBucketMark(name).startsWith(topicPrefixOf(id)),
  );
  await Promise.all(own.map((name) => manager.streams.delete(name)));
}
