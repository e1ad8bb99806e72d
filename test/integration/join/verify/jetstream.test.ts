// What JetStream has of a service's topics and tells is looked at, too.
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import { AckPolicy, type JetStreamManager, type StreamConfig } from "nats";
import t, { type Test } from "tap";
import { natsUrl } from "../../../support/environment.ts";
import { testBroker } from "../../../support/broker.ts";
import { testTopicPrefix } from "../../../support/isolation.ts";
import { startForeignService } from "../../../support/joining/foreign-service.ts";
import { verified, type Verified } from "../../../support/joining/verified.ts";

const registry = await startEmbeddedRegistry({ port: 0 });
t.teardown(() => registry.close());

const topic = "samspel.test.v1.CounterTopics.Changed";
const told = "samspel.test.v1.EchoService";
const partitions = 16;

interface Ground {
  readonly prefix: string;
  readonly manager: JetStreamManager;
  /** Makes the topic's stream, as it must be but for what is given. */
  makeTopic(this: void, changed?: Partial<StreamConfig>): Promise<string>;
  /** Makes the stream of tells. */
  makeTells(this: void, changed?: Partial<StreamConfig>): Promise<string>;
  /** Makes a group's consumers. */
  makeConsumers(
    this: void,
    stream: string,
    subject: string,
    group: string,
    name?: (n: number) => string,
  ): Promise<void>;
  verify(this: void): Promise<Verified>;
}

async function ground(t: Test): Promise<Ground> {
  const prefix = testTopicPrefix(t);
  const { manager } = await testBroker(t, { prefix });
  const { name } = await startForeignService(t, registry.url);
  const make = async (config: Partial<StreamConfig>): Promise<string> => {
    const { config: made } = await manager.streams.add({
      metadata: { "samspel-partitions": String(partitions) },
      ...config,
    });
    return made.name;
  };
  return {
    prefix,
    manager,
    makeTopic: (changed) =>
      make({
        name: `${prefix}${topic.replaceAll(".", "_")}`,
        subjects: [`${prefix}topic.${topic}.*`],
        ...changed,
      }),
    makeTells: (changed) =>
      make({
        name: `${prefix}tell_${told.replaceAll(".", "_")}`,
        subjects: [`${prefix}tell.${told}.*`, `${prefix}later.${told}.*`],
        ...changed,
      }),
    async makeConsumers(stream, subject, group, consumerName = (n) => `${group}-${n}`) {
      for (let n = 0; n < partitions; n++) {
        await manager.consumers.add(stream, {
          durable_name: consumerName(n),
          filter_subject: `${subject}.${n}`,
          ack_policy: AckPolicy.Explicit,
          max_ack_pending: 1,
        });
      }
    },
    verify: () =>
      verified({
        name,
        registryUrl: registry.url,
        natsUrl: natsUrl(),
        topicPrefix: prefix,
        groups: ["shipping"],
        only: ["TOPIC", "TELL"],
      }),
  };
}

t.test("verifyService() skips what nobody has made yet", async (t) => {
  const { verify } = await ground(t);
  const { broken, skipped } = await verify();
  t.same(broken, {});
  t.match(skipped, {
    "TOPIC-1": /no stream/,
    "TOPIC-2": /no stream/,
    "TOPIC-3": /no group shipping consumes here/,
    "TELL-1": /no stream/,
    "TELL-2": /no stream/,
  });
});

t.test("verifyService() passes streams and consumers as they must be", async (t) => {
  const { makeTopic, makeTells, makeConsumers, prefix, verify } = await ground(t);
  await makeConsumers(await makeTopic(), `${prefix}topic.${topic}`, "shipping");
  await makeConsumers(await makeTells(), `${prefix}tell.${told}`, "handler");
  // Another group's, which is not looked at.
  await makeConsumers(
    `${prefix}${topic.replaceAll(".", "_")}`,
    `${prefix}topic.${topic}`,
    "shipping-audit",
    (n) => `shipping-audit-of-${n}`,
  );
  const { broken, skipped } = await verify();
  t.same(broken, {});
  t.same(skipped, {});
});

t.test("verifyService() finds a topic's stream of another number of partitions by TOPIC-2", async (t) => {
  const { makeTopic, verify } = await ground(t);
  await makeTopic({ metadata: { "samspel-partitions": "4" } });
  const { broken } = await verify();
  t.match(broken, { "TOPIC-2": /has 4 partitions in its stream's metadata, and 16 in its proto file$/ });
  t.same(Object.keys(broken), ["TOPIC-2"]);
});

t.test("verifyService() finds a topic's stream that takes other subjects by TOPIC-1", async (t) => {
  const { makeTopic, prefix, verify } = await ground(t);
  await makeTopic({ subjects: [`${prefix}topic.${topic}.0`] });
  const { broken } = await verify();
  t.match(broken, { "TOPIC-1": /has the subjects .*Changed\.0$/ });
  t.same(Object.keys(broken), ["TOPIC-1"]);
});

t.test(
  "verifyService() finds consumers of other names, and partitions without one, by TOPIC-3",
  async (t) => {
    const { makeTopic, makeConsumers, prefix, verify } = await ground(t);
    await makeConsumers(await makeTopic(), `${prefix}topic.${topic}`, "shipping", (n) =>
      n === 3 ? "shipping_3" : `shipping-${n}`,
    );
    const { broken } = await verify();
    t.match(broken, { "TOPIC-3": /consumer shipping_3 has a name .*; no consumer shipping-3$/ });
    t.same(Object.keys(broken), ["TOPIC-3"]);
  },
);

t.test("verifyService() finds tells that nobody takes by TELL-2", async (t) => {
  const { makeTells, verify } = await ground(t);
  await makeTells();
  const { broken } = await verify();
  t.match(broken, { "TELL-2": /^nobody takes the tells of samspel\.test\.v1\.EchoService$/ });
  t.same(Object.keys(broken), ["TELL-2"]);
});
