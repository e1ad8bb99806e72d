// Which instance calls go to, as callers see it: by what the registry says of instances, and by what policies say.
import { metrics } from "@opentelemetry/api";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import t, { type Test } from "tap";
import {
  createClients,
  type Clients,
  type ClientsOptions,
  type Target,
} from "../../../ts-runtime/src/client/index.ts";
import {
  defaultPolicies,
  type CallPolicy,
  type Policies,
  type ServicePolicy,
} from "../../../ts-runtime/src/policy/index.ts";
import { bind, startRpcServer } from "../../../ts-runtime/src/service/index.ts";
import { CounterService } from "../../gen/samspel/test/v1/counter_pb.ts";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";
import { recordingLogger } from "../../support/recording-logger.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { traceProcess } from "../../support/traced.ts";
import { until } from "../../support/until.ts";
import { fixedSource, startEcho } from "./echo-server.ts";

class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}

  async ejections(): Promise<readonly object[]> {
    const { resourceMetrics } = await this.collect();
    return resourceMetrics.scopeMetrics
      .flatMap(({ metrics }) => metrics)
      .filter(({ descriptor }) => descriptor.name === "samspel.client.ejections")
      .flatMap(({ dataPoints }) => dataPoints.map(({ attributes, value }) => ({ ...attributes, value })));
  }
}

const traced = traceProcess();
const reader = new Reader();
const provider = new MeterProvider({ readers: [reader] });
metrics.setGlobalMeterProvider(provider);
t.teardown(() => provider.shutdown());

function clientsOf(t: Test, options: ClientsOptions): Clients {
  const clients = createClients(options);
  t.teardown(() => clients.close());
  return clients;
}

/** The defaults, but for what is said. */
function policiesWith(call: Partial<CallPolicy>, service: Partial<ServicePolicy> = {}): Policies {
  const defaults = defaultPolicies();
  const of = new Map<string, ServicePolicy>();
  return {
    ofMethod: (method) => ({ ...defaults.ofMethod(method), ...call }),
    ofService(desc) {
      const known = of.get(desc.typeName) ?? { ...defaults.ofService(desc), ...service };
      of.set(desc.typeName, known);
      return known;
    },
  };
}

/** Counters that answer with the number of their server. */
async function startCounter(t: Test, number: number): Promise<Target> {
  const value = BigInt(number);
  const server = await startRpcServer({
    logger: silentLogger,
    bindings: [
      bind(CounterService, {
        increment: () => ({ value }),
        reset: () => ({}),
        getCounter: () => ({ value }),
      }),
    ],
  });
  t.teardown(() => server.close());
  return { address: "127.0.0.1", port: server.port, meta: {} };
}

t.test("calls go to the instance of their key, whoever makes them", async (t) => {
  const targets = await Promise.all([1, 2, 3, 4].map((number) => startCounter(t, number)));
  const policies = policiesWith({ balancing: "by-key" });
  const owners = await Promise.all(
    [targets, targets.toReversed()].map(async (order) => {
      const client = clientsOf(t, { registry: fixedSource(...order), policies }).client(CounterService);
      const values: bigint[] = [];
      // One after the other: of many at once, some go to the next instance (K3).
      for (let call = 0; call < 40; call += 1) {
        values.push((await client.getCounter({ counterId: `c${call % 10}` })).value);
      }
      return values;
    }),
  );
  const [one = [], other] = owners;
  t.same(one, other, "two callers have the same owners");
  t.same(one.slice(0, 10), one.slice(30), "and each key the same one each time");
  t.ok(new Set(one).size > 1);
});

t.test("instances of the caller's zone have its calls, and others those that it cannot bear", async (t) => {
  const echoes = await Promise.all([1, 2, 3].map(() => startEcho(t)));
  const [near, far, another] = echoes.map(({ target }, index) => ({
    ...target,
    meta: { zone: index === 0 ? "east" : "west" },
  }));
  if (near === undefined || far === undefined || another === undefined) throw new Error("there are three");
  const source = fixedSource(near, far);
  const client = clientsOf(t, { registry: source, zone: "east" }).client(EchoService);
  for (let call = 0; call < 50; call += 1) await client.echo({ text: "hej" });
  t.same(
    echoes.map(({ contexts }) => contexts.length),
    [50, 0, 0],
  );
  source.set([far, another]);
  await client.echo({ text: "hej" });
  t.equal(echoes[0]?.contexts.length, 50, "where its zone has none, the others have all");
});

t.test(
  "one that fails is left out, is asked, and gets calls again; that is counted and logged",
  async (t) => {
    let isBroken = true;
    let badCalls = 0;
    const bad = await startEcho(
      t,
      {},
      {
        echoOnce() {
          if (isBroken) throw new Error("broken");
          badCalls += 1;
          return {};
        },
      },
    );
    const good = await startEcho(t);
    const { logger, lines } = recordingLogger();
    const policies = policiesWith(
      {},
      {
        ejection: {
          consecutiveFailures: 1,
          failureRatio: 1,
          minCalls: 1_000,
          intervalMs: 1_000,
          baseEjectionMs: 200,
          maxEjectionMs: 200,
          maxEjectedRatio: 0.5,
        },
      },
    );
    const client = clientsOf(t, {
      registry: fixedSource(bad.target, good.target),
      logger,
      policies,
    }).client(EchoService);
    const call = (): Promise<unknown> => client.echoOnce({ text: "hej" }).catch(() => {});
    const instance = `127.0.0.1:${bad.target.port}`;
    await until("it is left out", async () => {
      await call();
      return lines.some(({ level, instance: left }) => level === "warn" && left === instance);
    });
    isBroken = false;
    await until("it gets calls again", async () => {
      await call();
      return badCalls > 0;
    });
    t.match(
      lines.find(({ level }) => level === "info"),
      { instance, protoService: EchoService.typeName },
    );
    const events = traced.spans().flatMap(({ events }) => events);
    t.match(
      events.find(({ name }) => name === "ejection"),
      { attributes: { "samspel.instance": instance, "samspel.ejection.reason": "consecutive-failures" } },
      "the span of the last straw says so",
    );
    const [counted] = await reader.ejections();
    t.match(counted, {
      "rpc.service": EchoService.typeName,
      "samspel.ejection.reason": "consecutive-failures",
    });
  },
);

t.test("a caller is connected to no more instances than its subset has", async (t) => {
  const echoes = await Promise.all([1, 2, 3, 4].map(() => startEcho(t)));
  const client = clientsOf(t, {
    registry: fixedSource(...echoes.map(({ target }) => target)),
    policies: policiesWith({}, { subsetSize: 2 }),
  }).client(EchoService);
  await Promise.all(Array.from({ length: 60 }, () => client.echo({ text: "hej" })));
  t.equal(echoes.filter(({ contexts }) => contexts.length > 0).length, 2);
});
