// Methods of every kind, called by what the registry, reflection or files say of them, with JSON.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createRegistry, type Registry } from "@samspel/registry";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import t, { type Test } from "tap";
import {
  createApiCatalog,
  createDynamicCaller,
  DynamicError,
  requestTemplate,
  type CallEvent,
  type DynamicCall,
  type DynamicCaller,
} from "../../../devkit/src/dynamic/index.ts";
import { descriptorSetOf } from "../../../ts-runtime/src/descriptor/index.ts";
import { CounterTopics } from "../../gen/samspel/test/v1/counter_pb.ts";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";
import { PackRequestSchema, PlaceRequestSchema } from "../../gen/samspel/test/v1/parcel_pb.ts";
import { natsUrl } from "../../support/environment.ts";
import { startGuarded } from "../../support/guarded-service.ts";
import { defineParcel } from "../../support/parcels.ts";
import { startTown } from "../../support/town.ts";
import { startEcho, type Echo } from "../calls/echo-server.ts";

const echo = "samspel.test.v1.EchoService";

interface World {
  readonly registry: Registry;
  readonly caller: DynamicCaller;
}

async function worldOf(
  t: Test,
  { url, topicPrefix }: { readonly url?: string; readonly topicPrefix?: string } = {},
): Promise<World> {
  let registryUrl = url;
  if (registryUrl === undefined) {
    const embedded = await startEmbeddedRegistry();
    t.teardown(() => embedded.close());
    registryUrl = embedded.url;
  }
  const registry = createRegistry({ url: registryUrl });
  t.teardown(() => registry.close());
  const catalog = createApiCatalog({ registry });
  const caller = createDynamicCaller({ registry, catalog, natsUrl: natsUrl(), topicPrefix });
  t.teardown(() => caller[Symbol.asyncDispose]());
  return { registry, caller };
}

/** An echo in the registry; with its descriptors there, or to be asked for them. */
async function withEcho(t: Test, descriptors?: Uint8Array): Promise<World & { readonly server: Echo }> {
  const world = await worldOf(t);
  const server = await startEcho(t);
  await world.registry.place({
    name: "echo",
    address: "127.0.0.1",
    port: server.server.port,
    protoServices: [echo],
    check: { type: "none" },
    ...(descriptors === undefined ? {} : { descriptors }),
  });
  return { ...world, server };
}

async function eventsOf({ caller }: World, call: DynamicCall): Promise<readonly CallEvent[]> {
  const events: CallEvent[] = [];
  for await (const event of caller.call(call)) events.push(event);
  return events;
}

function answers(events: readonly CallEvent[]): readonly unknown[] {
  return events.flatMap((event) => (event.type === "message" ? [JSON.parse(event.json)] : []));
}

async function refusal(work: Promise<unknown>): Promise<DynamicError> {
  const error = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (error instanceof DynamicError) return error;
  throw new Error(`it was meant to be refused: ${String(error)}`);
}

for (const from of ["reflection", "registry"]) {
  t.test(`call() calls methods of all four kinds, as ${from} describes them`, async (t) => {
    const world = await withEcho(t, from === "registry" ? descriptorSetOf([EchoService]) : undefined);
    const unary = await eventsOf(world, { method: `${echo}/Echo`, requests: ['{"text":"a"}'] });
    t.match(unary, [
      { type: "start", traceId: /^[0-9a-f]{32}$/, instance: /^echo-127-0-0-1-/ },
      { type: "message", json: '{"text":"a"}' },
      { type: "end", code: "OK", message: "", details: [], headers: { "content-type": /grpc/ } },
    ]);
    const [start] = unary;
    const sent = world.server.contexts[0]?.requestHeader.get("traceparent");
    t.ok(start?.type === "start" && sent?.includes(start.traceId), "the trace is the one that it names");

    const many = await eventsOf(world, {
      method: "EchoService/EchoMany",
      requests: ['{"text":"b","count":2}'],
    });
    t.same(answers(many), [{ text: "b" }, { text: "b" }]);
    const joined = await eventsOf(world, {
      method: "EchoService.echoJoined",
      requests: ['{"text":"c"}', '{"text":"d"}'],
    });
    t.same(answers(joined), [{ text: "c d" }]);
    const each = await eventsOf(world, { method: `${echo}/EchoEach`, requests: ['{"text":"e"}', "{}"] });
    t.same(answers(each), [{ text: "e" }, { text: "" }], "fields at their default are shown");
  });
}

t.test("a stream of requests and one of answers go at the same time", async (t) => {
  const world = await withEcho(t);
  let heard = Promise.withResolvers<void>();
  async function* dialogue(): AsyncGenerator<string> {
    for (const text of ["one", "two"]) {
      yield JSON.stringify({ text });
      await heard.promise;
      heard = Promise.withResolvers();
    }
  }
  const events: CallEvent[] = [];
  for await (const event of world.caller.call({ method: `${echo}/EchoEach`, requests: dialogue() })) {
    events.push(event);
    if (event.type === "message") heard.resolve();
  }
  t.same(answers(events), [{ text: "one" }, { text: "two" }]);
});

t.test("a failed call ends with gRPC's name of its code, its message and its details", async (t) => {
  const world = await withEcho(t);
  const events = await eventsOf(world, { method: `${echo}/EchoOnce`, requests: ['{"text":"refuse"}'] });
  const end = events.at(-1);
  t.match(end, { type: "end", code: "FAILED_PRECONDITION", message: "not today" });
  t.match(end?.type === "end" && JSON.parse(end.details[0] ?? ""), {
    "@type": "samspel.v1.ErrorDetail",
    code: "SAMSPEL_REJECTED",
    metadata: { why: "test" },
  });
  const late = await eventsOf(world, {
    method: `${echo}/Echo`,
    requests: ['{"text":"wait"}'],
    timeoutMs: 200,
  });
  t.match(late.at(-1), { type: "end", code: "DEADLINE_EXCEEDED" });
  const broken = await eventsOf(world, {
    method: `${echo}/EchoMany`,
    requests: ['{"text":"fail","count":1}'],
  });
  t.match(broken, [{ type: "start" }, { type: "message" }, { type: "end", code: "INTERNAL" }]);
});

t.test("leaving the answers, or the signal, ends the call at the server, too", async (t) => {
  const world = await withEcho(t);
  const method = `${echo}/EchoMany`;
  const requests = ['{"text":"endless","count":1}'];
  for await (const event of world.caller.call({ method, requests })) if (event.type === "message") break;
  const cancel = new AbortController();
  const events: CallEvent[] = [];
  for await (const event of world.caller.call({ method, requests, signal: cancel.signal })) {
    events.push(event);
    if (event.type === "message") cancel.abort();
  }
  t.match(events.at(-1), { type: "end", code: "CANCELLED" });
  t.equal(world.server.contexts.length, 2);
  for (const { signal } of world.server.contexts) {
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
  }
});

t.test("what cannot be called is refused before anything is sent, with what there is instead", async (t) => {
  const world = await withEcho(t);
  const refused = async (call: Partial<DynamicCall>): Promise<DynamicError> =>
    refusal(eventsOf(world, { method: `${echo}/Echo`, requests: [], ...call }));
  t.match(await refused({ method: "EchoServise/Echo" }), {
    reason: "unknown",
    message:
      /^No service serves EchoServise in the registry at .*: did you mean samspel\.test\.v1\.EchoService\?$/,
  });
  t.match(await refused({ method: `${echo}/Ecko` }), {
    message: `${echo} has no method Ecko: did you mean Echo?`,
  });
  t.match(await refused({ method: "Echo" }), { reason: "invalid", message: /^A method must be like/ });
  t.match(await refused({ instance: "echo-2" }), {
    message: /^No instance echo-2 of .*: there are echo-127-0-0-1-/,
  });
  t.match(await refused({ requests: ["{text}"] }), {
    reason: "invalid",
    message: /must be JSON.*it is \{text\}$/,
  });
  t.match(await refused({ requests: ['{"texd":1}'] }), {
    message: /^This is no samspel\.test\.v1\.EchoRequest: .*texd.*; its fields are text$/,
  });
  t.match(await refused({ requests: ["{}", "{}"] }), {
    message: /EchoService\/Echo takes one request: there are more$/,
  });
  t.match(await refused({ commandId: "ö" }), { reason: "invalid", message: /^A command id must be/ });
  t.match(await refused({ tell: true, method: `${echo}/EchoOnce` }), {
    message: /^Cannot tell .*EchoOnce as it might/,
  });
  t.match(await refused({ tell: true, method: `${echo}/EchoMany` }), { message: /EchoMany as it streams/ });
  t.equal(world.server.contexts.length, 0);
  t.match(
    await refused({ method: `${echo}/EchoJoined`, requests: ['{"text":"a"}', "rubbish"] }),
    { reason: "invalid", message: /must be JSON/ },
    "a later request of a stream, too",
  );
});

t.test("methods of instances that tell nothing are known from files", async (t) => {
  const { registry } = await worldOf(t);
  const base = { address: "127.0.0.1", port: 1, check: { type: "none" } } as const;
  await registry.place({ ...base, name: "echo", protoServices: [echo] });
  const without = createApiCatalog({ registry });
  t.match(await refusal(without.find(`${echo}/Echo`)), { message: /are not known: .*give --proto/ });
  t.match(await without.list(), [{ name: echo, services: ["echo"], api: { type: "unknown" } }]);
  const path = join(t.testdir(), "echo.binpb");
  await writeFile(path, descriptorSetOf([EchoService]));
  const { method, instance } = await createApiCatalog({ registry, proto: [path] }).find("EchoService/Echo");
  t.equal(method.input.typeName, "samspel.test.v1.EchoRequest");
  t.equal(instance?.service, "echo");
});

t.test("a method is known as the instance has it that is called, during a deploy", async (t) => {
  const world = await withEcho(t, descriptorSetOf([EchoService]));
  const base = {
    name: "echo",
    address: "127.0.0.1",
    protoServices: [echo],
    check: { type: "none" },
  } as const;
  const id = await world.registry.place({
    ...base,
    port: 2,
    version: "2",
    descriptors: descriptorSetOf([CounterTopics]),
  });
  const catalog = createApiCatalog({ registry: world.registry });
  t.match(await refusal(catalog.find(`${echo}/Echo`, id)), { message: /its descriptors do not have it/ });
  t.match(await catalog.list(), [{ name: echo, api: { type: "found" } }]);
});

t.test("call() tells, with the reply or the receipt alone, also while nobody is well", async (t) => {
  const { start, prefix, registryUrl } = await startTown(t);
  const world = await worldOf(t, { url: registryUrl, topicPrefix: prefix });
  await start({ entities: [defineParcel()] });
  const method = "ParcelService/Pack";
  const told = await eventsOf(world, {
    method,
    requests: ['{"parcelId":"a","item":"apple"}'],
    tell: true,
    commandId: "pack-1",
    timeoutMs: 60_000,
  });
  t.match(told, [{ type: "start", receipt: /./ }, { type: "message", json: '{"items":1}' }, { code: "OK" }]);
  const again = await eventsOf(world, {
    method,
    requests: ['{"parcelId":"a","item":"apple"}'],
    commandId: "pack-1",
  });
  t.same(answers(again), [{ items: 1 }], "the command id holds for calls and tells alike");
  const refused = await eventsOf(world, {
    method,
    requests: ['{"parcelId":"a","item":"egg","broken":true}'],
    tell: true,
    timeoutMs: 60_000,
  });
  t.match(refused.at(-1), {
    code: "FAILED_PRECONDITION",
    message: "egg is broken",
    details: [/"item":"egg"/],
  });
  const forgotten = await eventsOf(world, {
    method,
    requests: ['{"parcelId":"b"}'],
    tell: true,
    forget: true,
  });
  t.match(forgotten, [
    { type: "start", receipt: /./ },
    { type: "end", code: "OK" },
  ]);
});

t.test("an instance that wants an identity is called with one", async (t) => {
  const embedded = await startEmbeddedRegistry();
  t.teardown(() => embedded.close());
  await startGuarded(t, { name: "guarded", registryUrl: embedded.url });
  const world = await worldOf(t, { url: embedded.url });
  const events = await eventsOf(world, { method: "GuardedService/Who", requests: [] });
  t.match(answers(events), [{ service: "samspel" }]);
});

t.test("requestTemplate() has every field at a value of its type", async (t) => {
  t.same(JSON.parse(requestTemplate(PackRequestSchema)), { parcelId: "", item: "", broken: false });
  t.same(JSON.parse(requestTemplate(PlaceRequestSchema)), {
    orderId: "",
    items: [""],
    delayMs: 0,
    tellId: "",
  });
});
