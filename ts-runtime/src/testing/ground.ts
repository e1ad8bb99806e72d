// What test services stand on: one registry and one topic prefix for those that stand beside each other, and a schema
// for each.
//
// Invariants:
//   G1. Whoever leaves takes its schema along; the last one takes the streams, the registry and the claim.
//   G2. Everything is tried, whatever fails; what could not be removed is named.
import { randomBytes } from "node:crypto";
import { startEmbeddedRegistry, type EmbeddedRegistry } from "@samspel/registry/embedded";
import { retryRead, transact } from "../postgres/index.ts";
import type { Logger } from "../telemetry/index.ts";
import { openBroker, type Broker } from "../topic/index.ts";
import { claimRun, dropSchema, runOf, sweep, type Claim } from "./claim.ts";
import { attemptAll, type Leak } from "./leaks.ts";
import type { ResolvedInfra } from "./settings.ts";

const removeForMs = 3_000;

/** What services beside each other share. */
export interface Ground {
  readonly infra: ResolvedInfra;
  readonly registryUrl: string;
  readonly topicPrefix: string;
  /**
   * Takes a place for one more service; `withBroker` where there is one: it may publish, subscribe or tell.
   * @throws TypeError where all have left: nothing is there any more.
   */
  join(options: { readonly withBroker: boolean }): Promise<Place>;
}

/** A service's place. */
export interface Place {
  /** Its schema, if there is a database. */
  readonly schema: string | undefined;
  /**
   * Removes what the service made; call it once, when the service has stopped.
   * @returns what could not be removed, and why; empty where nothing is left.
   */
  leave(): Promise<readonly Leak[]>;
}

/** Lays the ground; nothing is left of it where that fails. */
export async function layGround(infra: ResolvedInfra, logger: Logger): Promise<Ground> {
  await using begun = new AsyncDisposableStack();
  const registry = infra.registryUrl === undefined ? begun.use(await startEmbeddedRegistry()) : undefined;
  const claim = infra.databaseUrl === undefined ? undefined : await claimRun(infra.databaseUrl, logger);
  begun.move();
  return createGround({ infra, registry, claim, logger });
}

interface GroundParts {
  readonly infra: ResolvedInfra;
  /** The ground's own, if it has one. */
  readonly registry: EmbeddedRegistry | undefined;
  readonly claim: Claim | undefined;
  readonly logger: Logger;
}

function createGround({ infra, registry, claim, logger }: GroundParts): Ground {
  const id = claim?.id ?? `samspel_test_unclaimed_${randomBytes(4).toString("hex")}`;
  const topicPrefix = `${id.replaceAll("_", "-")}-`;
  let broker: Promise<Broker> | undefined;
  let swept: Promise<void> | undefined;
  let places = 0;
  let members = 0;

  const end = (): Promise<readonly Leak[]> =>
    attemptAll([
      ["streams", async () => broker && (await removeStreams(await broker, topicPrefix))],
      ["connection to NATS", async () => (await broker)?.close()],
      ["embedded registry", async () => registry?.close()],
      ["claim", async () => claim?.release()],
    ]);

  return {
    infra,
    registryUrl: registry?.url ?? infra.registryUrl ?? "",
    topicPrefix,
    async join({ withBroker }) {
      if (places > 0 && members === 0)
        throw new TypeError("Cannot start a test service beside one that is closed");
      members++;
      places++;
      const schema = claim && `${id}_${places}`;
      const leave = async (): Promise<readonly Leak[]> => {
        const own = await attemptAll([
          [`schema ${schema}`, async () => claim && schema && removeSchema(claim, schema)],
        ]);
        return --members === 0 ? [...own, ...(await end())] : own;
      };
      try {
        if (withBroker) {
          broker ??= openBroker({ url: infra.natsUrl ?? "", prefix: topicPrefix, name: "test", logger });
          await broker;
        }
        swept ??= claim && sweepDead(claim, await broker, logger);
        await swept;
      } catch (error) {
        broker = undefined;
        await leave();
        throw error;
      }
      return { schema, leave };
    },
  };
}

/** Again where Postgres was away: to drop what is gone already does no harm. */
function removeSchema({ sql }: Claim, schema: string): Promise<void> {
  return retryRead(removeForMs, () => transact(sql, (tx) => dropSchema(tx, schema)));
}

/** Of what dead runs left, a failure is no reason to fail a test of the living: a later run tries again. */
async function sweepDead(claim: Claim, broker: Broker | undefined, logger: Logger): Promise<void> {
  try {
    const streams = broker === undefined ? [] : await streamNames(broker);
    await sweep(claim, {
      runs: streams.flatMap((name) => runOf(withoutBucketMark(name)) ?? []),
      async run(id) {
        if (broker !== undefined) await removeStreams(broker, `${id.replaceAll("_", "-")}-`);
      },
    });
  } catch (error) {
    logger.warn({ err: error }, "what dead test runs left behind could not be removed");
  }
}

async function streamNames({ manager }: Broker): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const name of manager.streams.names()) names.push(name);
  return names;
}

/** The bucket of a prefix's consumers is a stream, too, with a mark before its name. */
function withoutBucketMark(stream: string): string {
  return stream.replace(/^KV_/, "");
}

/** Streams go with their consumers. */
async function removeStreams(broker: Broker, prefix: string): Promise<void> {
  const own = async (): Promise<readonly string[]> =>
    (await streamNames(broker)).filter((name) => withoutBucketMark(name).startsWith(prefix));
  for (const name of await own()) await broker.manager.streams.delete(name);
  const left = await own();
  if (left.length > 0) throw new Error(`still there: ${left.join(", ")}`);
}
