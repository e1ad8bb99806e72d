// Stock grpc-js clients and servers among themselves: how calls are shared, and what becomes of them while instances come,
// go and drain, and while the registry is away. With both policies.
import { Client, credentials, type ChannelCredentials, type ChannelOptions } from "@grpc/grpc-js";
import { createRegistry, openAuthorizer, openIdentity, type Registry } from "@samspel/registry";
import { startEmbeddedRegistry, type EmbeddedRegistry } from "@samspel/registry/embedded";
import {
  identityChannelCredentials,
  identityServerCredentials,
  leastLoaded,
  registerConsulResolver,
} from "@samspel/registry/grpc-js";
import t, { type Test } from "tap";
import { until } from "../../support/until.ts";
import { askWho, orderService, startStockServer } from "./stock-server.ts";

type Balancing = "round_robin" | typeof leastLoaded;

interface Stock {
  readonly registry: Registry;
  /** Takes the registry away; the returned function starts one in its place, which remembers nothing. */
  takeAway(this: void): Promise<() => Promise<void>>;
  channel(this: void, query?: string, options?: ChannelOptions, shown?: ChannelCredentials): Client;
}

async function startStock(t: Test, balancing: Balancing): Promise<Stock> {
  let embedded: EmbeddedRegistry = await startEmbeddedRegistry();
  t.teardown(() => embedded.close());
  const registry = createRegistry({ url: embedded.url, graceMs: 0 });
  t.teardown(() => registry.close());
  const resolver = registerConsulResolver({ registry, balancing });
  t.teardown(() => resolver.close());
  return {
    registry,
    async takeAway() {
      const { port } = embedded;
      await embedded.close();
      return async () => void (embedded = await startEmbeddedRegistry({ port }));
    },
    channel(query = "", options = {}, shown = credentials.createInsecure()) {
      const client = new Client(`consul:///${orderService}${query}`, shown, options);
      t.teardown(() => client.close());
      return client;
    },
  };
}

/** Who answers so many calls, one after the other. */
async function answersOf(client: Client, count: number): Promise<ReadonlyMap<string, number>> {
  const answers = new Map<string, number>();
  for (let call = 0; call < count; call++) {
    const name = await askWho(client);
    answers.set(name, (answers.get(name) ?? 0) + 1);
  }
  return answers;
}

async function untilBothAnswer(client: Client): Promise<void> {
  await until("both answer", async () => (await answersOf(client, 20)).size === 2);
}

for (const balancing of ["round_robin", leastLoaded] as const) {
  t.test(`${balancing}: instances that join get calls, and one that leaves drains (C3)`, async (t) => {
    const { registry, channel } = await startStock(t, balancing);
    const client = channel();
    const early = askWho(client);
    const first = await startStockServer(t, { registry, name: "first" });
    t.equal(await early, "first", "a call from before the first instance has waited for it");
    const second = await startStockServer(t, { registry, name: "second" });
    await untilBothAnswer(client);

    first.hold();
    second.hold();
    const running = Array.from({ length: 8 }, () => askWho(client));
    await until("all run", () => first.held + second.held === 8);
    t.ok(first.held >= 2 && second.held >= 2, "at once, and yet on both");
    await first.handle.deregister();
    const drained = first.drain();
    second.release();
    await until("the second alone answers", async () => {
      const before = first.calls;
      const answers = await answersOf(client, 10);
      return first.calls === before && answers.get("second") === 10;
    });
    first.release();
    await drained;
    t.equal((await Promise.all(running)).length, 8, "no call was lost");
  });

  t.test(`${balancing}: shares by weight, and keeps to a version where that is asked for`, async (t) => {
    const { registry, channel } = await startStock(t, balancing);
    await startStockServer(t, {
      registry,
      name: "steady",
      registration: { version: "1", weights: { passing: 9 } },
    });
    await startStockServer(t, { registry, name: "canary", registration: { version: "2" } });
    const client = channel();
    await untilBothAnswer(client);
    const canary = (await answersOf(client, 200)).get("canary") ?? 0;
    t.ok(canary > 3 && canary < 60, `${canary} of 200 went to weight 1 beside weight 9`);
    t.same([...(await answersOf(channel("?version=2"), 20)).keys()], ["canary"]);
  });

  t.test(`${balancing}: calls go on while the registry is away, and follow it when it is back`, async (t) => {
    const { registry, channel, takeAway } = await startStock(t, balancing);
    await startStockServer(t, { registry, name: "first" });
    const client = channel();
    t.same([...(await answersOf(client, 5)).keys()], ["first"]);
    const bringBack = await takeAway();
    t.same([...(await answersOf(client, 20)).keys()], ["first"]);
    await bringBack();
    await startStockServer(t, { registry, name: "second" });
    await untilBothAnswer(client);
  });
}

t.test(
  `${leastLoaded}: a slow instance gets few calls, which round robin gives it by the half`,
  async (t) => {
    const heldBy = new Map<Balancing, number>();
    for (const balancing of ["round_robin", leastLoaded] as const) {
      const { registry, channel } = await startStock(t, balancing);
      const slow = await startStockServer(t, { registry, name: "slow" });
      await startStockServer(t, { registry, name: "quick" });
      const client = channel();
      await untilBothAnswer(client);
      slow.hold();
      const calls: Promise<string>[] = [];
      let answered = 0;
      for (let made = 1; made <= 30; made++) {
        calls.push(askWho(client).finally(() => answered++));
        await until("it is answered or held", () => answered + slow.held === made);
      }
      heldBy.set(balancing, slow.held);
      slow.release();
      await Promise.all(calls);
    }
    t.equal(heldBy.get("round_robin"), 15);
    t.equal(heldBy.get(leastLoaded), 1);
  },
);

t.test(`${leastLoaded}: calls that are made at once see each other (B4)`, async (t) => {
  const { registry, channel } = await startStock(t, leastLoaded);
  const servers = [
    await startStockServer(t, { registry, name: "first" }),
    await startStockServer(t, { registry, name: "second" }),
  ];
  const client = channel();
  await untilBothAnswer(client);
  for (const server of servers) server.hold();
  const calls = Array.from({ length: 100 }, () => askWho(client));
  const held = (): number[] => servers.map(({ held }) => held);
  await until("all run", () => held().reduce((sum, one) => sum + one) === 100);
  t.same(held(), [50, 50]);
  for (const server of servers) server.release();
  await Promise.all(calls);
});

t.test("a channel's own service config has its retries, and names either policy", async (t) => {
  const { registry, channel } = await startStock(t, "round_robin");
  const server = await startStockServer(t, { registry, name: "only" });
  const configOf = (policy: string): ChannelOptions => ({
    "grpc.service_config": JSON.stringify({
      loadBalancingConfig: [{ unheard_of: {} }, { [policy]: {} }],
      methodConfig: [
        {
          name: [{ service: orderService }],
          retryPolicy: {
            maxAttempts: 4,
            initialBackoff: "0.01s",
            maxBackoff: "0.05s",
            backoffMultiplier: 2,
            retryableStatusCodes: ["UNAVAILABLE"],
          },
        },
      ],
    }),
  });
  for (const policy of ["round_robin", leastLoaded]) {
    const client = channel("", configOf(policy));
    t.equal(await askWho(client), "only", policy);
    server.fail(2);
    t.equal(await askWho(client), "only", `${policy}, at the third attempt`);
  }
  const plain = channel();
  server.fail(1);
  await t.rejects(askWho(plain), /not now/);
});

t.test("both ends have identities, and both policies take them", async (t) => {
  for (const balancing of ["round_robin", leastLoaded] as const) {
    const { registry, channel } = await startStock(t, balancing);
    const identity = await openIdentity({ registry, service: "orders" });
    const authorizer = await openAuthorizer({ registry, service: "orders" });
    await startStockServer(t, {
      registry,
      name: "guarded",
      credentials: identityServerCredentials({ identity, authorizer }),
      registration: { secure: true, connectNative: true },
    });
    const own = await openIdentity({ registry, service: "reports" });
    const shown = identityChannelCredentials({ identity: own, service: "orders" });
    t.equal(await askWho(channel("", {}, shown)), "guarded", balancing);
    await t.rejects(askWho(channel("", { "grpc.service_config": "{}" })), "but nobody without one");
  }
});
