// Policies through a real service: what is set in the registry holds for the next call, in clients and where it is looked
// up, without a failed call; what cannot be is refused; a registry that is away changes nothing.
import { createClient, type HandlerContext } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Client, credentials, type ServiceError } from "@grpc/grpc-js";
import { createRegistry, type Registry } from "@samspel/registry";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import { registerConsulResolver } from "@samspel/registry/grpc-js";
import { createClients, policyFor, serve, startService, type ServiceOptions } from "@samspel/runtime";
import {
  InspectionService,
  PolicyField_Origin as Origin,
  type GetPoliciesResponse,
} from "@samspel/runtime/gen/samspel/v1/inspection_pb.js";
import t, { type Test } from "tap";
import {
  BackwardsService,
  LookRequestSchema,
  LookResponseSchema,
  PolicedService,
} from "../../gen/samspel/test/v1/policed_pb.ts";
import { consulUrl } from "../../support/environment.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";
import { until } from "../../support/until.ts";

const key = `samspel/policy/${PolicedService.typeName}`;
const protoService = PolicedService.typeName;
/** What the file says of Look: long enough for a machine that has other work. */
const ofFileMs = 6_000;

const embedded = await startEmbeddedRegistry();
t.teardown(() => embedded.close());

function timeoutOf(timeout: string, of: object = {}): string {
  return JSON.stringify({
    methodConfig: [
      {
        name: [{ service: protoService, method: "Look" }],
        timeout,
        // Servers hear of the time of an attempt, where it is the shorter one.
        samspel: { retry: { attemptTimeoutMs: 0 } },
        ...of,
      },
    ],
  });
}

async function put(registry: Registry, at: string, text: string): Promise<void> {
  const before = await registry.values.read(at);
  if (!(await registry.values.write(at, text, before?.version))) throw new Error("somebody else wrote");
}

async function drop(registry: Registry, at: string): Promise<void> {
  const before = await registry.values.read(at);
  if (before !== undefined) await registry.values.remove(at, before.version);
}

/** A service of PolicedService, which keeps the deadlines that calls came with; and a registry client on its registry. */
async function start(t: Test, url: string, options: Partial<ServiceOptions> = {}) {
  const leftMs: (number | undefined)[] = [];
  const seen = (context: HandlerContext): void => void leftMs.push(context.timeoutMs());
  const service = await startService({
    name: "policed",
    services: [
      serve(PolicedService, ({ client }) => ({
        look: (_, context) => (seen(context), { text: "seen" }),
        peek: () => ({}),
        // By a client of the service's own, which inherits nothing.
        async change({ text }) {
          await client(PolicedService).look({ id: text });
          return {};
        },
        async *follow() {},
      })),
    ],
    registryUrl: url,
    ownsProcess: false,
    logger: silentLogger,
    ...options,
  });
  const registry = createRegistry({ url });
  t.teardown(async () => {
    await drop(registry, key);
    await service.stop();
    await registry.close();
  });
  const baseUrl = `http://${service.host}:${service.port}`;
  const inspection = createClient(InspectionService, createGrpcTransport({ baseUrl }));
  return { service, registry, leftMs, inspection };
}

/** Whether the last deadline that came is of a policy. */
function isOf(leftMs: readonly (number | undefined)[], policyMs: number): boolean {
  const last = leftMs.at(-1) ?? Infinity;
  // However slow the machine is: the deadlines of these tests are a second apart.
  return last <= policyMs && last > policyMs - 1_000;
}

function valueOf({ services }: GetPoliciesResponse, method: string, path: string) {
  const found = services.find((each) => each.protoService === protoService);
  return found?.methods.find((each) => each.method === method)?.fields.find((field) => field.path === path);
}

t.test("a change in Consul holds for the next calls of all callers, and no call fails over it", async (t) => {
  const { registry, leftMs } = await start(t, consulUrl());
  await using clients = createClients({ registry });
  const policed = clients.client(PolicedService);
  const stopped = new AbortController();
  t.teardown(() => stopped.abort());
  const failures: unknown[] = [];
  let calls = 0;
  const call = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await policed.look({ id: "a" }).catch((error: unknown) => failures.push(error));
      calls += 1;
    }
  };
  const running = [call(), call(), call(), call()];
  const tookMs: number[] = [];
  for (let change = 0; change < 12; change++) {
    const policyMs = 20_000 + 1_000 * change;
    await put(registry, key, timeoutOf(`${policyMs / 1_000}s`));
    const changedAt = performance.now();
    await until(`calls have ${policyMs} ms`, () => isOf(leftMs, policyMs));
    tookMs.push(performance.now() - changedAt);
  }
  await drop(registry, key);
  await until("calls have what the file says", () => (leftMs.at(-1) ?? Infinity) <= ofFileMs);
  stopped.abort();
  await Promise.all(running);
  t.same(failures, []);
  t.ok(calls > 100, "there was a load");
  t.comment(`in force after ${Math.round(Math.max(...tookMs))} ms at the latest, under ${calls} calls`);
});

t.test(
  "what the registry says holds while it is away, and what changed meanwhile when it is back",
  async (t) => {
    const proxy = await startTcpProxy(t, embedded.url);
    const { registry, leftMs } = await start(t, embedded.url);
    const away = createRegistry({ url: proxy.url });
    await using clients = createClients({ registry: away });
    t.teardown(() => away.close());
    const policed = clients.client(PolicedService);
    const look = () => policed.look({ id: "a" });
    await put(registry, key, timeoutOf("31s"));
    await until("the policy holds", async () => (await look(), isOf(leftMs, 31_000)));
    await proxy.cut();
    await put(registry, key, timeoutOf("33s"));
    for (let i = 0; i < 20; i++) await look();
    t.ok(isOf(leftMs, 31_000), "as it was said last");
    await proxy.restore();
    await until("what was said meanwhile holds", async () => (await look(), isOf(leftMs, 33_000)));
  },
);

t.test(
  "GetPolicies tells where each value comes from, and what is refused while the last good one stays",
  async (t) => {
    const { registry, inspection } = await start(t, embedded.url, {
      policies: {
        services: [policyFor(PolicedService, { methods: { change: { retry: { maxAttempts: 7 } } } })],
      },
    });
    const value = async (method: string, path: string) =>
      valueOf(await inspection.getPolicies({ protoService }), method, path);
    t.match(await value("Look", "timeoutMs"), {
      value: "6000",
      origin: Origin.PROTO,
      where: "(samspel.v1.call) of samspel.test.v1.PolicedService/Look in samspel/test/v1/policed.proto",
    });
    t.match(await value("Look", "waitForReady"), { value: "false", origin: Origin.DEFAULT, where: "" });
    t.match(await value("Look", "bulkhead.maxInFlight"), { value: "unlimited" });
    t.match(await value("Follow", "timeoutMs"), { value: "none" });
    t.match(await value("Change", "retry.maxAttempts"), {
      value: "7",
      origin: Origin.CONFIGURATION,
      where: "policyFor(samspel.test.v1.PolicedService).methods.change",
    });
    await put(registry, key, timeoutOf("41s"));
    await until("the registry's is told", async () => (await value("Look", "timeoutMs"))?.value === "41000");
    t.match(await value("Look", "timeoutMs"), { origin: Origin.REGISTRY, where: key });
    await put(registry, key, timeoutOf("never"));
    const { refused } = await until("it is refused", async () => {
      const answer = await inspection.getPolicies({});
      return answer.refused.length > 0 && answer;
    });
    t.match(refused, [
      { key, protoService, reason: /timeout must be a duration such as "0\.5s": current value is "never"/ },
    ]);
    t.match(await value("Look", "timeoutMs"), { value: "41000" }, "the last good one");
    await put(registry, key, timeoutOf("42s"));
    await until("another good one holds", async () => (await value("Look", "timeoutMs"))?.value === "42000");
    t.same((await inspection.getPolicies({})).refused, []);
    t.same((await inspection.getPolicies({ protoService: "other.v1.Service" })).services, []);
  },
);

t.test("a key with a service's name is for its processes alone", async (t) => {
  const { registry, leftMs } = await start(t, embedded.url);
  await put(registry, `${key}@shop`, timeoutOf("51s"));
  t.teardown(() => drop(registry, `${key}@shop`));
  await using shop = createClients({ registry, name: "shop" });
  await using other = createClients({ registry, name: "other" });
  await until("it holds for the one", async () => {
    await shop.client(PolicedService).look({ id: "a" });
    return isOf(leftMs, 51_000);
  });
  await other.client(PolicedService).look({ id: "a" });
  t.ok((leftMs.at(-1) ?? Infinity) <= ofFileMs, "and not for the other");
});

t.test(
  "a service's own clients go by what the registry says, and what it says for that service comes first",
  async (t) => {
    const { registry, leftMs } = await start(t, embedded.url);
    t.teardown(() => drop(registry, `${key}@policed`));
    await using clients = createClients({ registry });
    const change = () => clients.client(PolicedService).change({ text: "a" });
    await put(registry, key, timeoutOf("71s"));
    await until("it holds", async () => (await change(), isOf(leftMs, 71_000)));
    await put(registry, `${key}@policed`, timeoutOf("73s"));
    await until("its own holds", async () => (await change(), isOf(leftMs, 73_000)));
  },
);

t.test("startService() does not start with a policy that cannot be, and says which", async (t) => {
  const refused = { code: "SAMSPEL_INVALID_CONFIGURATION" };
  await t.rejects(start(t, embedded.url, { services: [serve(BackwardsService, { act: () => ({}) })] }), {
    ...refused,
    message: /BackwardsService in .*: retry\.initial_backoff_ms must be at most/,
  });
  await t.rejects(start(t, embedded.url, { policies: { calls: { timeoutMs: 0.5 } } }), {
    ...refused,
    message: /^policies\.calls cannot be: timeoutMs must be an integer from 1/,
  });
});

t.test("a stock grpc-js channel gets the same policy as its service config", async (t) => {
  const { registry, leftMs } = await start(t, embedded.url);
  const resolver = registerConsulResolver({ registry });
  const channel = new Client(`consul:///${protoService}`, credentials.createInsecure());
  t.teardown(async () => {
    channel.close();
    await resolver.close();
  });
  const look = (): Promise<string> =>
    new Promise((resolve, reject) => {
      channel.makeUnaryRequest(
        `/${protoService}/Look`,
        (id: string) => Buffer.from(toBinary(LookRequestSchema, create(LookRequestSchema, { id }))),
        (bytes: Buffer) => fromBinary(LookResponseSchema, bytes).text,
        "a",
        (error: ServiceError | null, text = "") => (error === null ? resolve(text) : reject(error)),
      );
    });
  await look();
  t.notOk(isOf(leftMs, 61_500), "nothing is said yet");
  await put(registry, key, timeoutOf("61.5s", { samspel: { retry: { maxAttempts: 9 } } }));
  await until("calls have the deadline", async () => (await look(), isOf(leftMs, 61_500)));
  await put(registry, key, "{");
  await put(registry, `${key}x`, "another key");
  t.teardown(() => drop(registry, `${key}x`));
  for (let i = 0; i < 10; i++) await look();
  t.ok(isOf(leftMs, 61_500), "what cannot be read changes nothing");
  await drop(registry, key);
  await until("calls have none of it", async () => (await look(), !isOf(leftMs, 61_500)));
});
