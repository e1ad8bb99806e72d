// A gateway while what stands behind it comes, goes and changes.
import { create, fromBinary, setExtension, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema, MethodOptionsSchema, ServiceOptionsSchema } from "@bufbuild/protobuf/wkt";
import { Code, createClient, type Client } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { createRegistry } from "@samspel/registry";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import { descriptorSetOf } from "@samspel/runtime/compatibility";
import { public$, public_service } from "@samspel/runtime/gen/samspel/v1/options_pb.js";
import { freePort } from "samspel/process";
import t, { type Test } from "tap";
import { bind, startRpcServer } from "../../../ts-runtime/src/service/index.ts";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";
import { LibraryService } from "../../gen/samspel/test/v1/library_pb.ts";
import { libraryImpl, startLibrary, startLibraryService, startTestGateway } from "../../support/library.ts";
import { recordingLogger } from "../../support/recording-logger.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { until } from "../../support/until.ts";

async function firstOf(messages: AsyncIterable<{ readonly number: number }>): Promise<number> {
  for await (const { number } of messages) return number;
  return 0;
}

t.test("calls wait while their only instance restarts, in every protocol, and none is lost", async (t) => {
  const registry = await startEmbeddedRegistry();
  t.teardown(() => registry.close());
  const port = await freePort();
  let service = await startLibraryService(t, registry.url, { port });
  const gateway = await startTestGateway(t, registry.url);
  const grpc = createClient(LibraryService, createGrpcTransport({ baseUrl: gateway.url }));
  const connect = createClient(
    LibraryService,
    createConnectTransport({ baseUrl: gateway.url, httpVersion: "1.1" }),
  );
  await grpc.countBooks({});

  for (let restart = 1; restart <= 2; restart++) {
    await service.stop();
    const calls = [
      grpc.getShelf({ shelfId: "a" }).then(({ books }) => books),
      // Nothing says that it may be repeated: it waits because it never ran.
      grpc.countBooks({}).then(({ books }) => books),
      connect.countBooks({}).then(({ books }) => books),
      fetch(`${gateway.url}/v1/shelves/a`).then(({ status }) => status),
      firstOf(grpc.watchShelf({ count: 1 })),
    ];
    const settled = await Promise.race([
      Promise.all(calls).then(() => "settled"),
      new Promise((resolve) => setTimeout(resolve, 300, "waiting")),
    ]);
    t.equal(settled, "waiting", "nobody answers yet");
    service = await startLibraryService(t, registry.url, { port: restart === 1 ? port : 0 });
    t.same(await Promise.all(calls), [3, 7, 7, 200, 1]);
  }
});

t.test("a call whose service does not come back is Unavailable at its deadline", async (t) => {
  const { gateway, service, at } = await startLibrary(t, { gateway: { timeoutMs: 400 } });
  const client = createClient(LibraryService, createGrpcTransport({ baseUrl: gateway.url }));
  await client.countBooks({});
  await service.stop();
  const error: unknown = await client.countBooks({}, { timeoutMs: 400 }).catch((error: unknown) => error);
  t.match(error, { code: /^(4|14)$/ });
  const { status } = await fetch(at("/v1/shelves/a"));
  t.ok(status === 503 || status === 504, `REST says ${status}`);
});

/** The descriptors of EchoService, in which these methods are public. */
function openEcho(names: readonly string[], whole: boolean = false): Uint8Array {
  const set = fromBinary(FileDescriptorSetSchema, descriptorSetOf([EchoService]));
  for (const service of set.file.flatMap(({ service }) => service)) {
    service.options ??= create(ServiceOptionsSchema);
    setExtension(service.options, public_service, whole);
    for (const method of service.method) {
      if (!names.includes(method.name)) continue;
      method.options ??= create(MethodOptionsSchema);
      setExtension(method.options, public$, true);
    }
  }
  return toBinary(FileDescriptorSetSchema, set);
}

interface Version {
  stop(): Promise<void>;
}

async function startVersion(
  t: Test,
  registryUrl: string,
  text: string,
  descriptors: Uint8Array | undefined,
): Promise<Version> {
  const server = await startRpcServer({
    logger: silentLogger,
    bindings: [
      bind(EchoService, {
        echo: () => ({ text }),
        echoOnce: () => ({ text }),
        async *echoMany() {},
        echoJoined: async () => ({ text }),
        async *echoEach() {},
      }),
    ],
  });
  const registry = createRegistry({ url: registryUrl });
  const handle = await registry.register({
    name: "echo",
    address: server.host,
    port: server.port,
    protoServices: server.protoServices,
    ...(descriptors === undefined ? {} : { descriptors }),
  });
  const stop = async (): Promise<void> => {
    await handle.deregister();
    await registry.close();
    await server.close();
  };
  t.teardown(stop);
  return { stop };
}

async function echoes(t: Test): Promise<{
  readonly registryUrl: string;
  readonly client: Client<typeof EchoService>;
  open(this: void): readonly string[];
}> {
  const registry = await startEmbeddedRegistry();
  t.teardown(() => registry.close());
  const gateway = await startTestGateway(t, registry.url);
  const client = createClient(EchoService, createGrpcTransport({ baseUrl: gateway.url }));
  return {
    registryUrl: registry.url,
    client,
    open: () => gateway.openMethods()["samspel.test.v1.EchoService"] ?? [],
  };
}

t.test("a roll-out opens a method when it is done, and closes one as it begins", async (t) => {
  const { registryUrl, client, open } = await echoes(t);
  const first = await startVersion(t, registryUrl, "1", openEcho(["Echo", "EchoOnce"]));
  await until("the first version is open", () => open().length === 2);
  t.same(open(), ["Echo", "EchoOnce"]);

  const second = await startVersion(t, registryUrl, "2", openEcho(["EchoOnce", "EchoJoined"]));
  await until("what one of both closes is closed", () => !open().includes("Echo"));
  t.same(open(), ["EchoOnce"], "what only one of both opens is not open");
  await t.rejects(client.echo({}), { code: Code.Unimplemented });

  await first.stop();
  await until("the roll-out is done", () => open().includes("EchoJoined"));
  t.same(open(), ["EchoOnce", "EchoJoined"]);
  t.equal((await client.echoOnce({})).text, "2");

  await second.stop();
  await startVersion(t, registryUrl, "3", openEcho([], true));
  await until("a service that is public as a whole is", () => open().length === 5);
});

t.test("an instance without descriptors is asked by reflection", async (t) => {
  const embedded = await startEmbeddedRegistry();
  t.teardown(() => embedded.close());
  const server = await startRpcServer({
    logger: silentLogger,
    bindings: [bind(LibraryService, libraryImpl(new Map(), []))],
  });
  t.teardown(() => server.close());
  const registry = createRegistry({ url: embedded.url });
  t.teardown(() => registry.close());
  const { host: address, port, protoServices } = server;
  await registry.register({ name: "library", address, port, protoServices });
  const gateway = await startTestGateway(t, embedded.url);
  t.same(Object.keys(gateway.openMethods()), ["samspel.test.v1.LibraryService"]);
  t.equal((await fetch(`${gateway.url}/v1/shelves/a`)).status, 200);
});

t.test(
  "descriptors that are damaged close their service, are told of once, and hold up no other",
  async (t) => {
    const { logger, lines } = recordingLogger();
    const embedded = await startEmbeddedRegistry();
    t.teardown(() => embedded.close());
    const registry = createRegistry({ url: embedded.url });
    t.teardown(() => registry.close());
    await registry.register({
      name: "odd",
      address: "127.0.0.1",
      port: await freePort(),
      protoServices: ["samspel.test.v1.EchoService"],
      check: { type: "none" },
      descriptors: new Uint8Array([255, 255]),
    });
    await startLibraryService(t, embedded.url);
    const gateway = await startTestGateway(t, embedded.url, { logger });
    t.same(Object.keys(gateway.openMethods()), ["samspel.test.v1.LibraryService"]);
    await until("it is told of", () => lines.some(({ message }) => message.includes("not known")));
    t.equal(lines.filter(({ message }) => message.includes("not known")).length, 1);
  },
);

t.test("close() lets calls end, takes no new ones, and cuts what does not end", async (t) => {
  const { gateway, contexts } = await startLibrary(t, { gateway: { drainMs: 500 } });
  const client = createClient(LibraryService, createGrpcTransport({ baseUrl: gateway.url }));
  const endless = (async () => {
    for await (const _ of client.watchShelf({}));
  })().catch((error: unknown) => error);
  await until("the stream runs", () => contexts.length > 0);
  const closing = gateway.close();
  t.match(await endless, { code: Code.Unavailable });
  await closing;
  await t.rejects(fetch(`${gateway.url}/healthz`));
});

t.test("health and readiness", async (t) => {
  const { at } = await startLibrary(t);
  t.equal((await fetch(at("/healthz"))).status, 200);
  t.equal((await fetch(at("/readyz"))).status, 200);
  const empty = await startEmbeddedRegistry();
  t.teardown(() => empty.close());
  const alone = await startTestGateway(t, empty.url);
  t.equal((await fetch(`${alone.url}/readyz`)).status, 200, "an empty registry has nothing to wait for");
});
