// What holds where nothing, or nothing that can be kept, is said: refused in production, open on a laptop.
import { randomUUID } from "node:crypto";
import { createClient, type Client, type Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import type { DescService } from "@bufbuild/protobuf";
import { defineEntity, errorDetail, persist, requireUser, type Principal } from "@samspel/runtime";
import { TopicService } from "@samspel/runtime/gen/samspel/v1/topic_service_pb.js";
import { Health } from "@samspel/runtime/gen/grpc/health/v1/health_pb.js";
import { createTestIssuer, testEntity } from "@samspel/runtime/testing";
import t from "tap";
import { CounterEventSchema, CounterSchema, CounterService } from "../../gen/samspel/test/v1/counter_pb.ts";
import { DoorService, WindowService } from "../../gen/samspel/test/v1/door_pb.ts";
import { PresenceTopics } from "../../gen/samspel/test/v1/presence_pb.ts";
import { door, setEnvironment, startDoors, window, type Doors } from "../../support/door.ts";
import { databaseUrl, natsUrl } from "../../support/environment.ts";
import { testSchema } from "../../support/isolation.ts";

const issuer = await createTestIssuer();
const auth = { issuers: [issuer.options] };

function transportOf({ service }: Doors): Transport {
  return createGrpcTransport({ baseUrl: `http://127.0.0.1:${service.port}` });
}

function clientOf<S extends DescService>(doors: Doors, service: S): Client<S> {
  return createClient(service, transportOf(doors));
}

async function codeOf(call: Promise<unknown>): Promise<string | undefined> {
  try {
    await call;
    return "ok";
  } catch (error) {
    return errorDetail(error)?.code ?? String(error);
  }
}

t.test("in production a method without a rule is refused, and the start says which", async (t) => {
  setEnvironment(t, { NODE_ENV: "production" });
  const doors = await startDoors(t, {
    auth,
    identity: "consul-permissive",
    services: [door, window],
    liveTopics: [PresenceTopics.method.presence],
    natsUrl: natsUrl(),
    topicPrefix: `auth-${randomUUID().slice(0, 8)}`,
  });
  const warning = doors.lines.find(({ message }) => message.startsWith("METHODS ARE REFUSED"));
  t.match(warning, { level: "warn", message: /samspel\.v1\.allow.*SAMSPEL_AUTH_DEFAULT=allow/ });
  t.match(warning?.["methods"], [
    "samspel.test.v1.WindowService/Glance",
    "samspel.test.v1.PresenceTopics/Presence",
    "samspel.test.v1.PresenceTopics/Ticks",
  ]);
  t.equal(await codeOf(clientOf(doors, WindowService).glance({})), "SAMSPEL_CALLER_DENIED");
  const headers = await issuer.authorization();
  t.equal(await codeOf(clientOf(doors, WindowService).glance({}, { headers })), "SAMSPEL_CALLER_DENIED");
  t.equal(await codeOf(clientOf(doors, DoorService).knock({})), "ok");
  t.equal(await codeOf(clientOf(doors, DoorService).visit({}, { headers })), "ok");

  const topic = "samspel.test.v1.PresenceTopics.Presence";
  const read = clientOf(doors, TopicService).read({ topic })[Symbol.asyncIterator]();
  t.equal(await codeOf(read.next()), "SAMSPEL_CALLER_DENIED", "envelopes are no way around it");
  const typed = clientOf(doors, PresenceTopics).presence({})[Symbol.asyncIterator]();
  t.equal(await codeOf(typed.next()), "SAMSPEL_CALLER_DENIED");
  t.match(await clientOf(doors, Health).check({}), { status: 1 }, "health is exempt");
});

t.test("in production a service may say otherwise", async (t) => {
  setEnvironment(t, { NODE_ENV: "production", SAMSPEL_AUTH_DEFAULT: "allow" });
  const doors = await startDoors(t, { services: [window] });
  t.equal(await codeOf(clientOf(doors, WindowService).glance({})), "ok");
  t.notOk(doors.lines.some(({ level }) => level === "warn"));
});

t.test("in production a rule that cannot be kept stops the start, and says what is missing", async (t) => {
  setEnvironment(t, { NODE_ENV: "production" });
  await t.rejects(startDoors(t), {
    code: "SAMSPEL_INVALID_CONFIGURATION",
    message: /DoorService\/Visit says who may call it .* set auth\.issuers or SAMSPEL_AUTH_ISSUERS/,
  });
  await t.rejects(startDoors(t, { auth }), {
    code: "SAMSPEL_INVALID_CONFIGURATION",
    message: /DoorService\/Clean says who may call it .* set SAMSPEL_IDENTITY=consul/,
  });
});

t.test("elsewhere all of it is open, and one line says so", async (t) => {
  setEnvironment(t, { NODE_ENV: "" });
  const doors = await startDoors(t, { services: [door, window] });
  t.equal(await codeOf(clientOf(doors, WindowService).glance({})), "ok");
  t.equal(await codeOf(clientOf(doors, DoorService).lock({})), "ok");
  t.match(
    doors.lines.filter(({ message }) => /may call/.test(message)),
    [
      { level: "warn", message: /set auth\.issuers.*Everybody may call it now/, methods: 4 },
      { level: "info", methods: 1, message: /with NODE_ENV=production they are refused/ },
    ],
  );
});

t.test("a command of an entity knows who asks, and so does its test", async (t) => {
  const principals: Principal[] = [];
  const counter = defineEntity(
    CounterService,
    { name: "counter", state: CounterSchema, event: CounterEventSchema },
    {
      commands: {
        increment(_, { amount }, context) {
          principals.push(context.principal);
          requireUser(context);
          return persist({ case: "incremented", value: { amount } }).reply(({ value }) => ({ value }));
        },
        reset: () => ({}),
        getCounter: ({ value }) => ({ value }),
      },
      events: {
        incremented: (state, { amount }) => ({ ...state, value: state.value + amount }),
        wasReset: (state) => ({ ...state, value: 0n }),
      },
    },
  );
  const doors = await startDoors(t, {
    auth,
    services: [],
    entities: [counter],
    databaseUrl: databaseUrl(),
    schema: testSchema(t),
  });
  const client = clientOf(doors, CounterService);
  t.equal(await codeOf(client.increment({ counterId: "a", amount: 1n })), "SAMSPEL_UNAUTHENTICATED");
  const headers = await issuer.authorization({ subject: "bo" });
  t.equal(await codeOf(client.increment({ counterId: "a", amount: 1n }, { headers })), "ok");
  t.match(principals, [{ type: "anonymous" }, { type: "user", subject: "bo" }]);

  const story = testEntity(counter);
  const refused = await story.when("increment", { amount: 1n });
  t.match(refused, { type: "rejected", error: { code: "SAMSPEL_UNAUTHENTICATED" } });
  const principal: Principal = {
    type: "user",
    subject: "bo",
    issuer: "https://issuer.test",
    claims: {},
    roles: [],
    scopes: [],
  };
  t.match(await story.when("increment", { amount: 1n }, { principal }), { type: "accepted" });
});
