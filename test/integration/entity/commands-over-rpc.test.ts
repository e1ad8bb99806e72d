// Commands as callers in other processes know them: ids in a header, rejections with details.
import { Code, ConnectError, createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import { commandId, detail, reject, startService, type RunningService } from "@samspel/runtime";
import t, { type Test } from "tap";
import { CounterSchema, CounterService } from "../../gen/samspel/test/v1/counter_pb.ts";
import { defineCounter } from "../../support/counter.ts";
import { databaseUrl } from "../../support/environment.ts";
import { testSchema } from "../../support/isolation.ts";
import { silentLogger } from "../../support/silent-logger.ts";

const registry = await startEmbeddedRegistry();
t.teardown(() => registry.close());

interface Instance {
  readonly service: RunningService;
  readonly counters: Client<typeof CounterService>;
}

async function startCounters(t: Test, schema: string, onIncrement?: () => void): Promise<Instance> {
  const service = await startService({
    name: "counters",
    entities: [defineCounter(onIncrement ? { onIncrement } : {})],
    databaseUrl: databaseUrl(),
    registryUrl: registry.url,
    schema,
    ownsProcess: false,
    logger: silentLogger,
  });
  t.teardown(() => service.stop());
  const baseUrl = `http://${service.host}:${service.port}`;
  return { service, counters: createClient(CounterService, createGrpcTransport({ baseUrl })) };
}

t.test(
  "commandId() gets the first reply again, also after a restart and on another instance (J3)",
  async (t) => {
    const schema = testSchema(t);
    const [first, other] = [await startCounters(t, schema), await startCounters(t, schema)];
    const once = commandId();
    const add = { counterId: "a", amount: 2n };
    t.equal((await first.counters.increment(add, once)).value, 2n);
    t.equal((await first.counters.increment(add)).value, 4n);
    t.equal((await other.counters.increment(add, once)).value, 2n, "on another instance");
    await first.service.stop();
    const restarted = await startCounters(t, schema);
    t.equal((await restarted.counters.increment(add, once)).value, 2n, "after a restart");
    t.equal((await restarted.counters.getCounter({ counterId: "a" })).value, 4n);
  },
);

t.test("a command id that cannot be one is refused by name", async (t) => {
  const { counters } = await startCounters(t, testSchema(t));
  const headers = { "samspel-command-id": "x".repeat(257) };
  await t.rejects(counters.increment({ counterId: "a", amount: 1n }, { headers }), {
    code: Code.InvalidArgument,
    message: /samspel-command-id must be 1 to 256 characters/,
  });
});

t.test("reject() brings its details to the caller, as messages", async (t) => {
  const { counters } = await startCounters(t, testSchema(t), () => {
    throw reject(Code.ResourceExhausted, "enough for today", {
      details: [detail(CounterSchema, { value: 9n })],
    });
  });
  const error = ConnectError.from(
    await counters.increment({ counterId: "a", amount: 1n }).catch((error: unknown) => error),
  );
  t.equal(error.code, Code.ResourceExhausted);
  t.match(error.findDetails(CounterSchema), [{ value: 9n }]);
});
