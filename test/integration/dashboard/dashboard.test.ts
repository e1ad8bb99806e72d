// samspel.dev.v1.DashboardService over a real service, by Connect as browsers speak it.
import { randomBytes } from "node:crypto";
import { Code, ConnectError, createClient, type Client } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { fromBinary, type DescService } from "@bufbuild/protobuf";
import {
  EdgeKind,
  ServiceAction,
  ServiceState,
  type CallResponse,
  type DashboardService,
  type Method,
  type WatchSystemResponse,
} from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { Health } from "@samspel/runtime/gen/grpc/health/v1/health_pb.js";
import { BackofficeService } from "@samspel/runtime/gen/samspel/v1/backoffice_pb.js";
import { InspectionService } from "@samspel/runtime/gen/samspel/v1/inspection_pb.js";
import { TopicService } from "@samspel/runtime/gen/samspel/v1/topic_service_pb.js";
import t, { type Test } from "tap";
import type { Span } from "../../../devkit/src/collector/index.ts";
import { CounterChangedSchema, CounterService } from "../../gen/samspel/test/v1/counter_pb.ts";
import { natsUrl } from "../../support/environment.ts";
import { changedTopic, startFaultyService, type FaultyService } from "../../support/faulty-service.ts";
import { testTopicPrefix } from "../../support/isolation.ts";
import { until } from "../../support/until.ts";
import { runningService, startFixture, type DashboardFixture } from "./fixture.ts";

type DashboardClient = Client<typeof DashboardService>;

interface World extends DashboardFixture {
  readonly faulty: FaultyService;
}

async function startWorld(t: Test): Promise<World> {
  const topicPrefix = testTopicPrefix(t);
  const on = await startFixture(t, {
    natsUrl: natsUrl(),
    topicPrefix,
    settings: [
      { name: "SAMSPEL_PORT", value: "1", origin: "samspel dev" },
      { name: "DATABASE_URL", value: "postgres://me:secret@127.0.0.1/db", origin: "samspel dev" },
      { name: "PAYMENT_API_KEY", value: "sk-1", origin: "environment" },
    ],
  });
  const faulty = await startFaultyService(t, {
    registryUrl: on.registryUrl,
    topicPrefix,
    inspection: true,
    backoffice: true,
  });
  on.system.set([runningService("faulty", { port: faulty.service.port })]);
  await until("the dashboard knows the service", async () => {
    const { methods } = await on.client.listMethods({ brief: true });
    return methods.some(({ services }) => services.includes("faulty"));
  });
  return { ...on, faulty };
}

/** The first answers that a condition holds for. */
async function watchUntil(
  client: DashboardClient,
  deltas: boolean,
  holds: (answer: WatchSystemResponse) => boolean,
): Promise<readonly WatchSystemResponse[]> {
  const answers: WatchSystemResponse[] = [];
  const signal = AbortSignal.timeout(20_000);
  for await (const answer of client.watchSystem({ deltas }, { signal })) {
    answers.push(answer);
    if (holds(answer)) return answers;
  }
  throw new Error("the stream ended");
}

async function callOf(client: DashboardClient, call: Parameters<DashboardClient["call"]>[0]) {
  const answers: CallResponse[] = [];
  for await (const answer of client.call(call)) answers.push(answer);
  const messages = answers.flatMap(({ event }) => (event.case === "message" ? [event.value] : []));
  const start = answers[0]?.event.case === "start" ? answers[0].event.value : undefined;
  const last = answers.at(-1)?.event;
  const end = last?.case === "end" ? last.value : undefined;
  return { start, messages: messages.map((text): unknown => JSON.parse(text)), end };
}

/** A span of the service, with what a test says of it. */
function spanOf(given: Partial<Span>): Span {
  return {
    traceId: randomBytes(16).toString("hex"),
    spanId: randomBytes(8).toString("hex"),
    parentSpanId: "",
    links: [],
    service: "faulty",
    name: "span",
    kind: "SERVER",
    startMs: 0,
    durationMs: 1,
    attributes: {},
    error: false,
    message: "",
    events: [],
    ...given,
  };
}

/** Sends a log record as OTLP exporters do. */
async function sendLog(
  url: string,
  { service, text, traceId }: { readonly service: string; readonly text: string; readonly traceId: string },
): Promise<void> {
  const logRecord = { severityText: "ERROR", severityNumber: 17, body: { stringValue: text }, traceId };
  const resource = { attributes: [{ key: "service.name", value: { stringValue: service } }] };
  await fetch(`${url}/v1/logs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ logRecords: [logRecord] }] }] }),
  });
}

const counterService = "samspel.test.v1.CounterService";

t.test("a system, its methods, calls, traces and configuration", { timeout: 90_000 }, async (t) => {
  const on = await startWorld(t);
  const { client, system, collector, faulty } = on;

  await t.test("watchSystem() joins what runs, what is registered and what passed", async (t) => {
    const now = Date.now();
    const served = [1.23456, 1, 9].map((durationMs, index) =>
      spanOf({ startMs: now, durationMs, error: index === 2, attributes: { "rpc.service": counterService } }),
    );
    // Its callee sends no spans: the registry says who that is.
    const toElsewhere = { "rpc.service": "elsewhere.v1.Elsewhere" };
    collector.record([...served, spanOf({ startMs: now, kind: "CLIENT", attributes: toElsewhere })]);
    await on.registry.register({
      name: "elsewhere",
      address: "192.0.2.1",
      port: 9,
      protoServices: ["elsewhere.v1.Elsewhere"],
      lang: "go",
      check: { type: "none" },
    });
    const answers = await watchUntil(client, false, ({ services, edges }) => {
      const own = services.find(({ name }) => name === "faulty")?.ownServices ?? [];
      return services.length === 2 && edges.length > 1 && own.length > 0;
    });
    const answer = answers.at(-1);
    t.match(answer, {
      name: "test",
      controllable: true,
      delta: false,
      infra: [{ name: "postgres", url: "postgres://me:…@127.0.0.1/db", up: true }],
      services: [
        { name: "elsewhere", state: ServiceState.READY, language: "go", managed: false },
        {
          name: "faulty",
          state: ServiceState.READY,
          language: "ts",
          managed: true,
          protoServices: ["samspel.test.v1.CounterService", "samspel.test.v1.CounterTopics"],
          traffic: { count: 3n, errors: 1n, p50: { seconds: 0n, nanos: 1_200_000 } },
          instances: [{ healthy: true, secure: false, pid: 42n, since: { seconds: 1_767_225_600n } }],
        },
      ],
      edges: [
        { source: "", target: "faulty", kind: EdgeKind.ASK, subject: counterService },
        { source: "faulty", target: "elsewhere", kind: EdgeKind.ASK, subject: "elsewhere.v1.Elsewhere" },
      ],
    });
    t.same(answer?.services[1]?.ownServices, [
      "samspel.v1.BackofficeService",
      "samspel.v1.InspectionService",
      "samspel.v1.TopicService",
    ]);
  });

  await t.test("watchSystem() with deltas says what changed, and what is gone", async (t) => {
    const changes = client.watchSystem({ deltas: true }, { signal: AbortSignal.timeout(20_000) });
    const seen: WatchSystemResponse[] = [];
    const problem = {
      service: "faulty",
      kind: "build",
      summary: "\u001b[31mdoes not build\u001b[0m",
      detail: "main.ts:1",
      since: new Date(),
    } as const;
    for await (const answer of changes) {
      seen.push(answer);
      if (seen.length === 1) {
        system.set(
          [runningService("faulty", { status: "crashed", crashes: 2 }), runningService("new")],
          [problem],
        );
      } else if (answer.services.some(({ name }) => name === "new")) {
        system.set([runningService("faulty", { port: faulty.service.port })]);
      } else if (answer.goneServices.length > 0) break;
    }
    const [first, second] = seen.filter(({ services, delta }) => !delta || services.length > 0);
    t.equal(first?.delta, false, "the first is whole");
    t.match(second, {
      delta: true,
      services: [
        { name: "faulty", state: ServiceState.CRASHED, crashes: 2 },
        { name: "new", instances: [] },
      ],
      problems: [{ service: "faulty", kind: "build", summary: "does not build", detail: "main.ts:1" }],
    });
    t.match(seen.at(-1), { delta: true, goneServices: ["new"], problems: [] });
  });

  await t.test("listMethods() tells what can be called, and how", async (t) => {
    const { methods } = await client.listMethods({ protoService: counterService });
    t.same(
      methods.map(({ name }) => name),
      ["GetCounter", "Increment", "Reset"],
    );
    const [get, increment, reset] = methods;
    t.match(get, {
      idempotency: "NO_SIDE_EFFECTS",
      tellable: true,
      keyField: "counterId",
      services: ["faulty"],
    });
    t.match(increment, { idempotency: "", tellable: false, input: "samspel.test.v1.IncrementRequest" });
    t.match(reset, { idempotency: "IDEMPOTENT", tellable: true });
    t.same(JSON.parse(increment?.requestTemplate ?? ""), { counterId: "", amount: "0" });
    t.match(JSON.parse(increment?.requestSchema ?? ""), {
      $ref: "#/$defs/samspel.test.v1.IncrementRequest",
      $defs: {
        "samspel.test.v1.IncrementRequest": {
          properties: { counterId: { type: "string", "x-key": true }, amount: { format: "int64" } },
          additionalProperties: false,
        },
      },
    });
    const all = await client.listMethods({ brief: true });
    t.ok(all.methods.every(({ requestSchema }) => requestSchema === ""));
    const topic = all.methods.find(({ topic }) => topic !== "");
    t.match(topic, { name: "Changed", topic: changedTopic, serverStreaming: true, clientStreaming: false });
    t.match(all.unknownServices["elsewhere"], /./, "and whose methods are not known");
    const one = await client.listMethods({ protoService: counterService, method: "Reset" });
    t.same(
      one.methods.map((method: Method) => method.name),
      ["Reset"],
    );
  });

  await t.test("call() calls with JSON, and is the root of the trace that it names", async (t) => {
    const { start, messages, end } = await callOf(client, {
      protoService: counterService,
      method: "Increment",
      requests: ['{"counterId":"a","amount":"2"}'],
    });
    t.match(start, { instance: /^faulty-127-0-0-1-/, traceId: /^[0-9a-f]{32}$/ });
    t.same(messages, [{ value: "2" }]);
    t.match(end, { code: "OK", message: "", took: { seconds: 0n } });
    const { spans } = await client.getTrace({ traceId: start?.traceId ?? "" });
    t.match(spans[0], {
      parentSpanId: "",
      service: "dashboard",
      kind: "CLIENT",
      name: `${counterService}/Increment`,
      error: false,
    });
    const refused = await callOf(client, {
      protoService: counterService,
      method: "Increment",
      requests: ['{"counterId":"a","amount":"-9"}'],
      headers: { traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` },
      timeout: { seconds: 5n },
    });
    t.match(refused.end, {
      code: "FAILED_PRECONDITION",
      message: "counter would be -7",
      trailers: { "content-type": /grpc/ },
    });
    t.match(JSON.parse(refused.end?.details[0] ?? ""), { "@type": "samspel.v1.ErrorDetail" });
    t.equal(refused.start?.traceId, "a".repeat(32), "a trace that is given goes on");
  });

  await t.test("call() tells, and gives the receipt and the reply", async (t) => {
    const { start, messages, end } = await callOf(client, {
      protoService: counterService,
      method: "Reset",
      requests: ['{"counterId":"a"}'],
      tell: true,
    });
    t.match(start?.receipt, /./);
    t.same(messages, [{}]);
    t.equal(end?.code, "OK");
    const { spans } = await client.getTrace({ traceId: start?.traceId ?? "" });
    t.match(spans[0], {
      kind: "PRODUCER",
      service: "dashboard",
      attributes: { "messaging.destination.name": `tell.${counterService}` },
    });
    t.equal((await faulty.counters.getCounter({ counterId: "a" })).value, 0n);
  });

  await t.test("call() refuses what cannot be sent", async (t) => {
    const codeOf = async (call: Parameters<DashboardClient["call"]>[0]): Promise<Code> =>
      callOf(client, call).then(
        () => Code.Unknown,
        (error: unknown) => ConnectError.from(error).code,
      );
    const call = { protoService: counterService, method: "Increment" };
    t.equal(await codeOf({ ...call, requests: ['{"nonsense":1}'] }), Code.InvalidArgument);
    t.equal(await codeOf({ ...call, requests: ["no JSON"] }), Code.InvalidArgument);
    t.equal(await codeOf({ ...call, requests: ["{}"], tell: true }), Code.InvalidArgument);
    t.equal(await codeOf({ ...call, method: "Nothing" }), Code.NotFound);
    t.equal(await codeOf({ ...call, protoService: "no.such.Service" }), Code.NotFound);
    t.equal(await codeOf({ ...call, requests: ["{}"], instance: "gone" }), Code.NotFound);
  });

  await t.test("the toolkit's own services of a service are passed on, and no others", async (t) => {
    const through = <S extends DescService>(service: S, name = "faulty"): Client<S> =>
      createClient(
        service,
        createConnectTransport({ baseUrl: `${on.url}/services/${name}`, httpVersion: "1.1" }),
      );
    await faulty.countUp("b", 2);
    const { topics } = await through(BackofficeService).listTopics({});
    t.match(topics, [{ name: changedTopic }]);
    const { entities } = await through(InspectionService).listEntities({ entityType: "counter" });
    t.ok(entities.length > 0);
    const values: bigint[] = [];
    const reading = through(TopicService).read({
      topic: changedTopic,
      from: { case: "beginning", value: true },
    });
    for await (const { envelope } of reading) {
      if (envelope?.key !== "b") continue;
      values.push(fromBinary(CounterChangedSchema, envelope.message).value);
      if (values.length === 2) break;
    }
    t.same(values, [1n, 2n], "streams, too");
    const missing = ConnectError.from(
      await through(BackofficeService)
        .getDeadLetter({ id: "none" })
        .catch((error: unknown) => error),
    );
    t.ok(missing.code === Code.InvalidArgument || missing.code === Code.NotFound, "errors as they are");
    await t.rejects(through(BackofficeService, "nobody").listTopics({}), { code: Code.Unavailable });
    await t.rejects(through(CounterService).reset({}), { code: Code.Unimplemented });
    await t.rejects(through(Health).check({}), { code: Code.Unimplemented });
  });

  await t.test("getTrace() and watchLogs() have what belongs together", async (t) => {
    const traceId = "c".repeat(32);
    collector.record([
      spanOf({
        traceId,
        links: [{ traceId: "e".repeat(32), spanId: "f".repeat(16) }],
        name: "work",
        startMs: 1_767_225_600_000.25,
        durationMs: 0.1234567,
        attributes: { a: "1" },
        error: true,
        message: "failed",
        events: [{ timeMs: 1_767_225_600_000.5, name: "event", attributes: {} }],
      }),
    ]);
    system.write("faulty", `{"level":40,"time":1767225600000,"msg":"slow","trace_id":"${traceId}","n":1}`);
    system.write("faulty", "plain");
    await sendLog(collector.url, { service: "other", text: "by OTLP", traceId });
    const trace = await client.getTrace({ traceId });
    t.match(trace.spans, [
      {
        start: { seconds: 1_767_225_600n, nanos: 250_000 },
        duration: { seconds: 0n, nanos: 123_456 },
        links: [`${"e".repeat(32)}/${"f".repeat(16)}`],
        kind: "SERVER",
        error: true,
      },
    ]);
    t.same(
      trace.logs.map(({ message }) => message),
      ["slow", "by OTLP"],
    );
    t.match(await client.listTraces({ service: "faulty", text: "WORK", errors: true }), {
      traces: [{ traceId, errors: 1 }],
    });
    await t.rejects(client.getTrace({ traceId: "0".repeat(32) }), { code: Code.NotFound });

    const heard: string[] = [];
    for await (const { lines } of client.watchLogs({ level: "warn", last: 1, follow: true })) {
      heard.push(...lines.map(({ message }) => message));
      if (heard.length === 1) {
        system.write("faulty", '{"level":20,"msg":"quiet"}');
        system.write("faulty", '{"level":50,"msg":"loud"}');
      }
      if (heard.length === 2) break;
    }
    t.same(heard, ["by OTLP", "loud"]);
    const texts: string[] = [];
    for await (const { lines } of client.watchLogs({ text: "PLAIN" })) {
      texts.push(...lines.map(({ message }) => message));
    }
    t.same(texts, ["plain"], "without follow it ends");
  });

  await t.test("controlService() does what it is told, or says why not", async (t) => {
    await client.controlService({ service: "faulty", action: ServiceAction.RESTART });
    t.same(system.controlled, ["restart faulty"]);
    const elsewhere = { service: "elsewhere", action: ServiceAction.STOP };
    await t.rejects(client.controlService(elsewhere), {
      code: Code.FailedPrecondition,
      rawMessage: "Cannot stop elsewhere as it was not started from here",
    });
    await t.rejects(client.controlService({ service: "faulty" }), { code: Code.InvalidArgument });
    system.set([runningService("broken")]);
    await t.rejects(client.controlService({ service: "broken", action: ServiceAction.START }), {
      code: Code.FailedPrecondition,
      rawMessage: "broken does not get ready: it says why",
    });
    system.set([runningService("faulty", { port: faulty.service.port })]);
  });

  await t.test("getConfiguration() shows settings without secrets, and policies", async (t) => {
    const { settings, policies } = await client.getConfiguration({ service: "faulty" });
    t.match(settings, [
      { name: "DATABASE_URL", value: "postgres://me:…@127.0.0.1/db" },
      { name: "PAYMENT_API_KEY", value: "…" },
      { name: "SAMSPEL_PORT", value: "1", origin: "samspel dev" },
    ]);
    const policyOf = (name: string) => policies.find(({ method }) => method === `${counterService}/${name}`);
    t.match(policyOf("Reset"), { idempotency: "IDEMPOTENT", retried: true, tellable: true, public: false });
    t.match(policyOf("Increment"), { retried: false, tellable: false });
    await t.rejects(client.getConfiguration({ service: "nobody" }), { code: Code.NotFound });
  });
});

t.test("a registry that is away is a problem, and the dashboard goes on", async (t) => {
  const { client } = await startFixture(t, { system: undefined, registryUrl: "http://127.0.0.1:1" });
  const answers = await watchUntil(client, false, ({ problems }) => problems.length > 0);
  t.match(answers.at(-1), {
    controllable: false,
    services: [],
    infra: [{ name: "registry", up: false }],
    problems: [
      { service: "", kind: "infra", summary: /^The registry at http:\/\/127\.0\.0\.1:1 does not answer/ },
    ],
  });
  t.same((await client.listMethods({})).methods, []);
  await t.rejects(client.controlService({ service: "cart", action: ServiceAction.START }), {
    code: Code.FailedPrecondition,
  });
});

/** As the page says it. */
const documented = `curl http://127.0.0.1:24512/samspel.dev.v1.DashboardService/ListMethods -H 'content-type: application/json' -d '{"brief":true}'`;

t.test("the API answers a plain POST of JSON", async (t) => {
  const { url, registry } = await startFixture(t);
  const name = "plain";
  await registry.place({
    name,
    address: "192.0.2.1",
    port: 1,
    protoServices: ["a.v1.A"],
    check: { type: "none" },
  });
  const [, at = "", header = "", body = ""] = /^curl (\S+) -H '([^']+)' -d '([^']+)'$/.exec(documented) ?? [];
  const [headerName = "", value = ""] = header.split(": ");
  await until("the service is known", async () => {
    const response = await fetch(new URL(new URL(at).pathname, url), {
      method: "POST",
      headers: { [headerName]: value },
      body,
    });
    t.equal(response.status, 200);
    const answer = (await response.json()) as { readonly unknownServices?: Readonly<Record<string, string>> };
    return answer.unknownServices?.[name] !== undefined;
  });
});

t.test("close() ends streams, and what was opened", async (t) => {
  const { client, dashboard } = await startFixture(t);
  const stream = client.watchSystem({})[Symbol.asyncIterator]();
  await stream.next();
  const rest = (async () => {
    while ((await stream.next()).done !== true);
  })();
  const refused = t.rejects(rest, { code: Code.Unavailable });
  await dashboard.close();
  await refused;
});
