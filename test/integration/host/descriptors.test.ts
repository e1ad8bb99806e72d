// What a service publishes of its API, what it notes of the APIs that it calls, and what a start says of changes.
import type { DescService } from "@bufbuild/protobuf";
import { createClient, type ServiceImpl } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { createRegistry } from "@samspel/registry";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import {
  createClients,
  serve,
  startService,
  type RunningService,
  type ServiceContext,
  type ServiceOptions,
} from "@samspel/runtime";
import t, { type Test } from "tap";
import { readDescriptorSet } from "../../../ts-runtime/src/descriptor/index.ts";
import { buildProtos } from "../../support/build-protos.ts";
import { recordingLogger, type LogLine } from "../../support/recording-logger.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { until } from "../../support/until.ts";

const stock = "stock.v1.StockService";

/** A version of the stock's API. */
async function version(
  methods: string,
  request = "string sku = 1; int32 quantity = 2;",
): Promise<DescService> {
  const set = await buildProtos({
    "stock.proto": `syntax = "proto3"; package stock.v1;
      service StockService { ${methods} }
      message Request { ${request} } message Response { int32 left = 1; }`,
  });
  return known(readDescriptorSet(set).getService(stock));
}

const both = "rpc Reserve(Request) returns (Response); rpc Release(Request) returns (Response);";
const first = await version(both);
const onlyReserve = await version("rpc Reserve(Request) returns (Response);");
const retyped = await version(both, "string sku = 1; string quantity = 2;");

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("it is missing");
  return value;
}

/** An implementation that answers each method with nothing in it; types of a service that is compiled at run time are none. */
const serving = (service: DescService) =>
  serveUntyped(service, Object.fromEntries(service.methods.map(({ localName }) => [localName, () => ({})])));

function serveUntyped(service: DescService, implementation: object | ((context: ServiceContext) => object)) {
  return serve(service, implementation as ServiceImpl<DescService>);
}

async function system(t: Test) {
  const embedded = await startEmbeddedRegistry();
  t.teardown(() => embedded.close());
  const registry = createRegistry({ url: embedded.url });
  t.teardown(() => registry.close());
  const start = async (options: ServiceOptions): Promise<RunningService> => {
    const service = await startService({
      registryUrl: embedded.url,
      ownsProcess: false,
      logger: silentLogger,
      ...options,
    });
    t.teardown(() => service.stop());
    return service;
  };
  return {
    registry,
    /** The stock, in a version of its API, and what it says of it. */
    startStock: async (service: DescService, options: Partial<ServiceOptions> = {}) => {
      const { logger, lines } = recordingLogger();
      const running = await start({ name: "stock", services: [serving(service)], logger, ...options });
      const changes = () => lines.filter(({ message }) => message.startsWith("a change of the API"));
      return { running, lines, changes };
    },
    /** A cart that calls the stock once, compiled with a version of its API. */
    startCart: async (service: DescService, method: string, cartVersion?: string) => {
      const cart = await start({
        name: "cart",
        ...(cartVersion === undefined ? {} : { version: cartVersion }),
        services: [
          serveUntyped(await cartApi(), ({ client }) => ({
            async check() {
              const calls: Readonly<Record<string, (request: object) => Promise<unknown>>> = client(service);
              await known(calls[method])({ sku: "apple" });
              return {};
            },
          })),
        ],
      });
      const client: Readonly<Record<string, (request: object) => Promise<unknown>>> = createClient(
        await cartApi(),
        createGrpcTransport({ baseUrl: `http://${cart.host}:${cart.port}` }),
      );
      await known(client["check"])({});
      return cart;
    },
  };
}

/** The cart's own API. */
let cartService: Promise<DescService> | undefined;
const cartApi = (): Promise<DescService> =>
  (cartService ??= buildProtos({
    "cart.proto": `syntax = "proto3"; package cart.v1; service CartService { rpc Check(E) returns (E); } message E {}`,
  }).then((set) => known(readDescriptorSet(set).getService("cart.v1.CartService"))));

const textOf = (line: LogLine | undefined): string => line?.message ?? "";

t.test("startService() publishes its descriptors before it is registered (R3)", async (t) => {
  const { registry, startStock } = await system(t);
  await startStock(first, { version: "1.4.0", zone: "eu-1" });
  const [instance] = await registry.resolve(stock);
  t.match(instance, { meta: { version: "1.4.0", zone: "eu-1", lang: "ts" } });
  const sha256 = known(instance?.meta["descriptor_sha256"]);
  const set = readDescriptorSet(known(await registry.descriptors.read(sha256)));
  t.same(
    known(set.getService(stock)).methods.map(({ name }) => name),
    ["Reserve", "Release"],
  );
  t.notOk(set.getService("grpc.health.v1.Health"), "health is there in all services");
  const [served] = await until("it is noted", async () => {
    const found = await registry.descriptors.servedBy("stock");
    return found.length > 0 && found;
  });
  t.match(served, { sha256, protoServices: [stock] });
});

t.test("a service that calls another is a caller of record, with the methods that it used", async (t) => {
  const { registry, startStock, startCart } = await system(t);
  await startStock(first);
  const cart = await startCart(first, "reserve", "1.2.0");
  // A stop writes what is not written yet.
  await cart.stop();
  const [caller, ...others] = await registry.descriptors.callersOf(stock);
  t.match(caller, { caller: "cart", version: "1.2.0", methods: ["Reserve"] });
  t.same(others, []);
  const set = await registry.descriptors.read(known(caller).sha256);
  t.ok(readDescriptorSet(known(set)).getService(stock));
  t.same(
    await registry.descriptors.callersOf("cart.v1.CartService"),
    [],
    "a client that is no service has no name",
  );
});

t.test("clients of a process that is no service are callers of record where they have a name", async (t) => {
  const { registry, startStock } = await system(t);
  await startStock(first);
  for (const name of ["gateway", undefined]) {
    await using clients = createClients({ registry, ...(name === undefined ? {} : { name, version: "3" }) });
    const calls: Readonly<Record<string, (request: object) => Promise<unknown>>> = clients.client(first);
    await known(calls["release"])({});
  }
  t.match(await registry.descriptors.callersOf(stock), [
    { caller: "gateway", version: "3", methods: ["Release"] },
  ]);
  t.equal((await registry.descriptors.callersOf(stock)).length, 1);
});

t.test("a start tells what breaks callers of record, naming change, callers and fix", async (t) => {
  const { startStock, startCart } = await system(t);
  const old = await startStock(first);
  t.same(old.changes(), []);
  await (await startCart(first, "reserve", "1.2.0")).stop();
  await (await startCart(first, "release")).stop();
  await old.running.stop();
  const { running, changes } = await startStock(retyped);
  t.equal(
    changes().length,
    1,
    "once, though callers use it and it is a change since the last version as well",
  );
  t.match(changes()[0], {
    level: "warn",
    rule: "type-changed",
    verdict: "breaks",
    protoService: stock,
    callers: ["cart", "cart 1.2.0"],
  });
  t.match(
    textOf(changes()[0]),
    /stock\.v1\.Request\.quantity, number 2, in the request, was int32 and is string\. .* Used by cart, cart 1\.2\.0\./,
  );
  await running.stop();
  const again = await startStock(first);
  t.same(again.changes(), [], "a rollback is no change for them");
});

t.test(
  "who does not use a method does not care for it; that it is gone is told without a caller",
  async (t) => {
    const { startStock, startCart } = await system(t);
    const old = await startStock(first);
    await (await startCart(first, "reserve")).stop();
    await old.running.stop();
    const { running, changes } = await startStock(onlyReserve);
    t.equal(changes().length, 1);
    t.match(changes()[0], { rule: "method-removed", methods: ["Release"] });
    t.match(textOf(changes()[0]), /Release is gone\..*No caller of record uses it/);
    await running.stop();
    t.same((await startStock(onlyReserve)).changes(), [], "it is told once");
  },
);

t.test(
  "descriptorChanges says whether a start that breaks callers is refused, or is not looked at",
  async (t) => {
    const { startStock, startCart } = await system(t);
    const old = await startStock(first);
    await (await startCart(first, "release", "1.2.0")).stop();
    await old.running.stop();
    await t.rejects(startStock(onlyReserve, { descriptorChanges: "refuse" }), {
      code: "SAMSPEL_DESCRIPTORS_INCOMPATIBLE",
      message:
        /^Cannot start stock, as this version would break its callers:\n {2}1\. stock\.v1\.StockService\.Release is gone\. .* Used by cart 1\.2\.0\.\nTo start it nevertheless, set SAMSPEL_DESCRIPTOR_CHANGES to warn\.$/,
    });
    const unasked = await startStock(onlyReserve, { descriptorChanges: "off" });
    t.same(unasked.changes(), []);
    await unasked.running.stop();
    t.equal((await startStock(first, { descriptorChanges: "refuse" })).changes().length, 0);
  },
);

t.test("descriptors in the registry that are damaged are told of, and stop no start", async (t) => {
  const { registry, startStock } = await system(t);
  const sha256 = "a".repeat(64);
  await fetch(`${registry.url}/v1/kv/samspel/descriptors/${sha256}`, { method: "PUT", body: "rubbish" });
  await registry.descriptors.noteCaller(stock, {
    caller: "cart",
    version: "1",
    sha256,
    methods: ["Reserve"],
  });
  await registry.descriptors.noteCaller(stock, {
    caller: "lost",
    version: "1",
    sha256: "b".repeat(64),
    methods: ["Reserve"],
  });
  const { lines } = await startStock(first, { descriptorChanges: "refuse" });
  const told = lines.filter(({ message }) => message === "descriptors in the registry cannot be read");
  t.match(told, [{ level: "warn", sha256 }]);
});
