// Instances that die and freeze while they are told things: nothing lost, nothing doubled, in the order of each key.
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { createClients, type Receipt } from "@samspel/runtime";
import t from "tap";
import { ParcelService, type PackResponseSchema } from "../../gen/samspel/test/v1/parcel_pb.ts";
import { fixedSource } from "../calls/echo-server.ts";
import { databaseUrl, natsUrl } from "../../support/environment.ts";
import { testSchema, testTopicPrefix } from "../../support/isolation.ts";
import { startNatsServer } from "../../support/nats-server.ts";
import { defineParcel } from "../../support/parcels.ts";
import { startInstances } from "../../support/service-instance.ts";
import { startTown } from "../../support/town.ts";
import { until } from "../../support/until.ts";

const waitMs = 120_000;
const keys = Array.from({ length: 24 }, (_, index) => `parcel-${index}`);
const perKey = 40;

t.test("tells survive kill -9 and frozen instances, once in effect and in order", async (t) => {
  const prefix = testTopicPrefix(t);
  const schema = testSchema(t);
  const clients = createClients({ registry: fixedSource(), natsUrl: natsUrl(), topicPrefix: prefix });
  t.teardown(() => clients.close());
  const [first, second, third] = await startInstances(t, 3, {
    main: join(import.meta.dirname, "fixtures/parcel-main.ts"),
    env: {
      SERVICE_NAME: `parcel-${prefix}x`,
      SAMSPEL_SCHEMA: schema,
      SAMSPEL_TOPIC_PREFIX: prefix,
      DATABASE_URL: databaseUrl(),
      NATS_URL: natsUrl(),
      LOG_LEVEL: "info",
    },
  });
  if (first === undefined || second === undefined || third === undefined) throw new Error("no instances");
  const { tell } = clients.client(ParcelService);
  const receipts: Receipt<typeof PackResponseSchema>[] = [];
  const tellRound = async (from: number, to: number): Promise<void> => {
    for (let number = from; number < to; number++) {
      const told = keys.map((parcelId) =>
        tell.pack({ parcelId, item: String(number) }, { idempotencyKey: `${parcelId}/${number}` }),
      );
      receipts.push(...(await Promise.all(told)));
    }
  };
  /** Half of them have come to their end: the instances are in the middle of it. */
  const halfway = (): Promise<unknown> =>
    receipts[Math.floor(receipts.length / 2)]?.reply({ timeoutMs: waitMs }) ?? Promise.resolve();

  await tellRound(0, 10);
  await halfway();
  await first.kill();
  await tellRound(10, 20);
  second.freeze();
  await tellRound(20, 30);
  await halfway();
  await first.start();
  second.thaw();
  await tellRound(30, perKey);
  t.equal(await third.stop(), "exited with 0");
  for (const receipt of receipts) await receipt.reply({ timeoutMs: waitMs });

  const parcels = createClient(ParcelService, createGrpcTransport({ baseUrl: first.url }));
  const wanted = Array.from({ length: perKey }, (_, number) => String(number));
  for (const parcelId of keys) t.same((await parcels.getParcel({ parcelId })).items, wanted, parcelId);
});

t.test("tells survive NATS that is killed in the middle, once in effect and in order", async (t) => {
  const server = await startNatsServer(t);
  const { start } = await startTown(t);
  const clients = createClients({ registry: fixedSource(), natsUrl: server.url });
  t.teardown(() => clients.close());
  const service = await start({ entities: [defineParcel()], natsUrl: server.url, topicPrefix: "" });
  const { tell } = clients.client(ParcelService);
  const receipts: Receipt<typeof PackResponseSchema>[] = [];
  const telling = (async () => {
    for (let number = 0; number < perKey; number++) {
      const told = keys.map((parcelId) =>
        tell.pack({ parcelId, item: String(number) }, { timeoutMs: waitMs }),
      );
      receipts.push(...(await Promise.all(told)));
    }
  })();
  for (const [index, at] of [5, 20].entries()) {
    await until(`round ${at} was told`, () => receipts.length >= at * keys.length, waitMs);
    await receipts[at * keys.length - 1 - index]?.reply({ timeoutMs: waitMs });
    await server.kill();
    await server.start();
  }
  await telling;
  for (const receipt of receipts) await receipt.reply({ timeoutMs: waitMs });
  const transport = createGrpcTransport({ baseUrl: `http://${service.host}:${service.port}` });
  const parcels = createClient(ParcelService, transport);
  const wanted = Array.from({ length: perKey }, (_, number) => String(number));
  for (const parcelId of keys) t.same((await parcels.getParcel({ parcelId })).items, wanted, parcelId);
});
