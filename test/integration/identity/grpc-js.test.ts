// Stock grpc-js clients and servers with identities, beside our own.
import {
  Client,
  credentials,
  Metadata,
  Server,
  status,
  type ServiceError,
  type ServiceDefinition,
} from "@grpc/grpc-js";
import { createRegistry, openAuthorizer, openIdentity } from "@samspel/registry";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import {
  identityChannelCredentials,
  identityServerCredentials,
  registerConsulResolver,
} from "@samspel/registry/grpc-js";
import t from "tap";
import { GuardedService } from "../../gen/samspel/test/v1/guarded_pb.ts";
import { intend, takeOverCa } from "../../support/certificate-authority.ts";
import { clientsAs, startGuarded } from "../../support/guarded-service.ts";
import { until } from "../../support/until.ts";

const who = "/samspel.test.v1.GuardedService/Who";
const asIs = (bytes: Buffer): Buffer => bytes;

/** The answer's bytes, or the error. */
function call(client: Client): Promise<Buffer | ServiceError> {
  return new Promise((resolve) => {
    const options = { deadline: Date.now() + 5_000 };
    client.makeUnaryRequest(who, asIs, asIs, Buffer.alloc(0), new Metadata(), options, (error, answer) =>
      resolve(error ?? answer ?? Buffer.alloc(0)),
    );
  });
}

t.test("a stock grpc-js client calls a service by its identity, also after a rotation", async (t) => {
  const embedded = await startEmbeddedRegistry();
  t.teardown(() => embedded.close());
  const { url } = embedded;
  await startGuarded(t, { name: "guarded", registryUrl: url });
  const registry = createRegistry({ url });
  t.teardown(() => registry.close());
  const resolver = registerConsulResolver({ registry });
  t.teardown(() => resolver.close());
  const identity = await openIdentity({ registry, service: "guarded-friend" });
  const target = "consul:///samspel.test.v1.GuardedService";
  const client = new Client(target, identityChannelCredentials({ identity, service: "guarded" }));
  t.teardown(() => client.close());
  const answer = await call(client);
  t.ok(Buffer.isBuffer(answer) && answer.includes("svc/guarded-friend"), String(answer));

  const before = identity.leaf.serial;
  await takeOverCa(url);
  await until("a new certificate", () => identity.leaf.serial !== before);
  const again = new Client(target, identityChannelCredentials({ identity, service: ["guarded", "other"] }), {
    "grpc.use_local_subchannel_pool": 1,
  });
  t.teardown(() => again.close());
  t.ok(Buffer.isBuffer(await call(again)));

  const wrong = new Client(target, identityChannelCredentials({ identity, service: "other" }), {
    "grpc.use_local_subchannel_pool": 1,
  });
  t.teardown(() => wrong.close());
  t.match(await call(wrong), { code: status.UNAVAILABLE }, "the server is another service than expected");
});

t.test("a stock grpc-js server lets in whom the intentions let in", async (t) => {
  const embedded = await startEmbeddedRegistry();
  t.teardown(() => embedded.close());
  const { url } = embedded;
  const registry = createRegistry({ url });
  t.teardown(() => registry.close());
  const identity = await openIdentity({ registry, service: "guarded" });
  const authorizer = await openAuthorizer({ registry, service: "guarded" });
  const server = new Server();
  const definition: ServiceDefinition = {
    who: {
      path: who,
      requestStream: false,
      responseStream: false,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    },
  };
  server.addService(definition, {
    who: (_: unknown, answer: (error: null, bytes: Buffer) => void) =>
      answer(null, Buffer.from([10, 2, 104, 105])),
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync("127.0.0.1:0", identityServerCredentials({ identity, authorizer }), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  t.teardown(() => server.forceShutdown());
  await registry.register({
    name: "guarded",
    address: "127.0.0.1",
    port,
    protoServices: [GuardedService.typeName],
    secure: true,
    connectNative: true,
    check: { type: "none" },
  });
  const client = (await clientsAs(t, url, "guarded-friend")).client(GuardedService);
  t.equal((await client.who({})).service, "hi");
  await intend(url, "guarded-friend", "guarded", "deny");
  await until("it is denied", () =>
    client.who({}).then(
      () => false,
      (error: unknown) => /guarded-friend may not call guarded/.test(String(error)),
    ),
  );
  const plain = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  t.teardown(() => plain.close());
  t.match(await call(plain), { code: Number });
});
