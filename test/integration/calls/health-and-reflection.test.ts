// What tools ask of any gRPC server, asked by stock grpc-js.
import { once } from "node:events";
import { fromBinary, toBinary, create, type DescMethod, type DescMessage } from "@bufbuild/protobuf";
import type { MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import grpc from "@grpc/grpc-js";
import t, { type Test } from "tap";
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from "../../../ts-runtime/src/gen/grpc/health/v1/health_pb.ts";
import { ServerReflection as V1 } from "../../../ts-runtime/src/gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as V1Alpha } from "../../../ts-runtime/src/gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { CounterService } from "../../gen/samspel/test/v1/counter_pb.ts";
import { bind, startRpcServer, type RpcServer } from "../../../ts-runtime/src/service/index.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { startEcho } from "./echo-server.ts";

type Unary<I extends DescMessage, O extends DescMessage> = DescMethod & { input: I; output: O };

/** grpc-js, with protobuf-es for the messages. */
function grpcJs(t: Test, port: number): grpc.Client {
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  t.teardown(() => client.close());
  return client;
}

const pathOf = (method: DescMethod): string => `/${method.parent.typeName}/${method.name}`;

function encoder<D extends DescMessage>(schema: D): (init: MessageInitShape<D>) => Buffer {
  return (init) => Buffer.from(toBinary(schema, create(schema, init)));
}

function decoder<D extends DescMessage>(schema: D): (bytes: Buffer) => MessageShape<D> {
  return (bytes) => fromBinary(schema, bytes);
}

function ask<I extends DescMessage, O extends DescMessage>(
  client: grpc.Client,
  method: Unary<I, O>,
  request: MessageInitShape<I>,
): Promise<MessageShape<O>> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      pathOf(method),
      encoder(method.input),
      decoder(method.output),
      request,
      (error, answer) => (answer === undefined ? reject(error ?? new Error("no answer")) : resolve(answer)),
    );
  });
}

t.test("health answers Check, List and Watch, and follows setServing()", async (t) => {
  const { server } = await startEcho(t, { serving: false });
  const client = grpcJs(t, server.port);
  const service = "samspel.test.v1.EchoService";

  t.equal((await ask(client, Health.method.check, { service })).status, Status.NOT_SERVING);
  await t.rejects(ask(client, Health.method.check, { service: "no.such.Service" }), {
    code: grpc.status.NOT_FOUND,
  });

  const { watch } = Health.method;
  const watching = client.makeServerStreamRequest(
    pathOf(watch),
    encoder(watch.input),
    decoder(watch.output),
    {
      service,
    },
  );
  const seen: Status[] = [];
  watching.on("data", (answer: MessageShape<typeof watch.output>) => seen.push(answer.status));
  const ended = once(watching, "error");
  await once(watching, "data");
  server.setServing(true);
  await once(watching, "data");
  t.equal((await ask(client, Health.method.check, { service: "" })).status, Status.SERVING);
  const { statuses } = await ask(client, Health.method.list, {});
  t.same(Object.keys(statuses).sort(), ["", service]);

  await server.drain(5_000);
  t.match(await ended, [{ code: grpc.status.UNAVAILABLE }], "a watch does not hold up the drain");
  t.same(seen, [Status.NOT_SERVING, Status.SERVING, Status.NOT_SERVING]);
});

t.test("health.watch() tells SERVICE_UNKNOWN of a service that is not there", async (t) => {
  const { server } = await startEcho(t);
  const client = grpcJs(t, server.port);
  const { watch } = Health.method;
  const watching = client.makeServerStreamRequest(
    pathOf(watch),
    encoder(watch.input),
    decoder(watch.output),
    {
      service: "no.such.Service",
    },
  );
  watching.on("error", () => {});
  t.match(await once(watching, "data"), [{ status: Status.SERVICE_UNKNOWN }]);
  watching.cancel();
});

async function startCounter(t: Test): Promise<RpcServer> {
  const impl = { increment: () => ({}), reset: () => ({}), getCounter: () => ({}) };
  const server = await startRpcServer({ logger: silentLogger, bindings: [bind(CounterService, impl)] });
  t.teardown(() => server.close());
  return server;
}

for (const Reflection of [V1, V1Alpha]) {
  t.test(`reflection answers ${Reflection.typeName}`, async (t) => {
    const { port } = await startCounter(t);
    const client = grpcJs(t, port);
    const { serverReflectionInfo: method } = V1.method;
    const path = `/${Reflection.typeName}/${method.name}`;
    const call = client.makeBidiStreamRequest(path, encoder(method.input), decoder(method.output));
    const query = async (
      messageRequest: NonNullable<MessageInitShape<typeof method.input>["messageRequest"]>,
    ): Promise<MessageShape<typeof method.output>["messageResponse"]> => {
      call.write({ host: "h", messageRequest });
      const [answer] = await once(call, "data", { signal: AbortSignal.timeout(5_000) });
      return answer.messageResponse;
    };
    const files = async (messageRequest: Parameters<typeof query>[0]): Promise<string[]> => {
      const answer = await query(messageRequest);
      if (answer.case !== "fileDescriptorResponse") return [`${answer.case}`];
      return answer.value.fileDescriptorProto.map(
        (bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name,
      );
    };
    const counterFiles = [
      "samspel/test/v1/counter.proto",
      "samspel/v1/options.proto",
      "samspel/v1/subscribe.proto",
      "google/protobuf/descriptor.proto",
      "google/protobuf/timestamp.proto",
    ];

    t.match(await query({ case: "listServices", value: "" }), {
      case: "listServicesResponse",
      value: {
        service: [
          { name: "grpc.health.v1.Health" },
          { name: "grpc.reflection.v1.ServerReflection" },
          { name: "grpc.reflection.v1alpha.ServerReflection" },
          { name: "samspel.test.v1.CounterService" },
        ],
      },
    });
    t.same(await files({ case: "fileByFilename", value: "samspel/test/v1/counter.proto" }), counterFiles);
    for (const symbol of [
      "samspel.test.v1.CounterService",
      "samspel.test.v1.CounterService.Increment",
      "samspel.test.v1.CounterEvent",
      "samspel.test.v1.CounterEvent.was_reset",
      "samspel.test.v1.CounterEvent.event",
    ]) {
      t.same(await files({ case: "fileContainingSymbol", value: symbol }), counterFiles, symbol);
    }
    const containingType = "google.protobuf.FieldOptions";
    t.same(
      await files({ case: "fileContainingExtension", value: { containingType, extensionNumber: 51510 } }),
      ["samspel/v1/options.proto", "google/protobuf/descriptor.proto"],
    );
    t.match(await query({ case: "allExtensionNumbersOfType", value: containingType }), {
      value: { baseTypeName: containingType, extensionNumber: [51510] },
    });
    t.match(await query({ case: "fileContainingSymbol", value: "no.such.Thing" }), {
      case: "errorResponse",
      value: { errorCode: grpc.status.NOT_FOUND },
    });
    const ended = once(call, "end");
    call.end();
    await ended;
  });
}
