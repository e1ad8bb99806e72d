// What a program serves, found by reflection of either version, in files of every kind, or not at all.
import { execFile } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { create, toBinary, type DescFile } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { ServerReflection as ReflectionV1Alpha } from "@samspel/runtime/gen/grpc/reflection/v1alpha/reflection_pb.js";
import t, { type Test } from "tap";
import { findApi } from "../../../devkit/src/join/api/index.ts";
import { readDescriptorSet } from "../../../ts-runtime/src/descriptor/index.ts";
import { CounterService } from "../../gen/samspel/test/v1/counter_pb.ts";
import { buildProtos } from "../../support/build-protos.ts";
import { startEcho } from "../calls/echo-server.ts";

const echo = "samspel.test.v1.EchoService";
const base = { host: "127.0.0.1", reflection: true, proto: [], services: [] } as const;
const signal = (): AbortSignal => AbortSignal.timeout(30_000);

async function serveRoutes(t: Test, routes: (router: ConnectRouter) => void): Promise<number> {
  const server = createServer(connectNodeAdapter({ routes }));
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.teardown(() => server.close());
  // A server on a TCP port has an address of this kind.
  return (server.address() as AddressInfo).port;
}

/** Reflection of the old version alone, which gives each file without what it imports, as grpc-java's does. */
function oldReflection(files: readonly DescFile[], names: readonly string[]) {
  return (router: ConnectRouter): void => {
    router.service(ReflectionV1Alpha, {
      async *serverReflectionInfo(requests) {
        for await (const { messageRequest: query } of requests) {
          const file = files.find(
            (each) => `${each.name}.proto` === query.value || query.case === "fileContainingSymbol",
          );
          if (query.case === "listServices") {
            const service = [...names, "grpc.health.v1.Health"].map((name) => ({ name }));
            yield { messageResponse: { case: "listServicesResponse", value: { service } } };
          } else if (file === undefined) {
            yield {
              messageResponse: {
                case: "errorResponse",
                value: { errorCode: 5, errorMessage: "no such file" },
              },
            };
          } else {
            const fileDescriptorProto = [toBinary(FileDescriptorProtoSchema, file.proto)];
            yield { messageResponse: { case: "fileDescriptorResponse", value: { fileDescriptorProto } } };
          }
        }
      },
    });
  };
}

const servicesOf = (set: Uint8Array | undefined): readonly string[] =>
  [...readDescriptorSet(set ?? new Uint8Array())].flatMap((type) =>
    type.kind === "service" ? [type.typeName] : [],
  );

t.test("findApi() asks reflection v1", async (t) => {
  const { server } = await startEcho(t);
  const { protoServices, descriptors, doubts } = await findApi({ ...base, port: server.port }, signal());
  t.same([protoServices, servicesOf(descriptors), doubts], [[echo], [echo], []]);
});

t.test("findApi() asks v1alpha where v1 is missing, and for each import", async (t) => {
  const { file } = CounterService;
  const all = new Set([file]);
  for (const each of all) for (const imported of each.dependencies) all.add(imported);
  const port = await serveRoutes(t, oldReflection([...all], [CounterService.typeName]));
  const { protoServices, descriptors } = await findApi({ ...base, port }, signal());
  t.same(protoServices, [CounterService.typeName]);
  t.ok(servicesOf(descriptors).includes(CounterService.typeName));
});

t.test(
  "findApi() says what reflection lacks, and goes on without descriptors where names are known",
  async (t) => {
    const port = await serveRoutes(t, oldReflection([CounterService.file], [CounterService.typeName]));
    await t.rejects(findApi({ ...base, port }, signal()), {
      name: "JoinError",
      message: /reflection does not give .*\.proto: no such file/,
    });
    const { descriptors, doubts } = await findApi({ ...base, port, services: [echo] }, signal());
    t.equal(descriptors, undefined);
    t.match(doubts, [/give --proto/]);
  },
);

t.test("findApi() of a port that speaks something else, and of one that serves nothing", async (t) => {
  const plain = await import("node:http").then(({ createServer: create }) =>
    create((_, answer) => answer.end("hello")),
  );
  await once(plain.listen(0, "127.0.0.1"), "listening");
  t.teardown(() => plain.close());
  const { port } = plain.address() as AddressInfo;
  await t.rejects(findApi({ ...base, port }, signal()), { message: /has no gRPC reflection/ });
  await t.rejects(findApi({ ...base, port: await serveRoutes(t, oldReflection([], [])) }, signal()), {
    message: /serves nothing but health and reflection/,
  });
});

t.test(
  "findApi() reads folders, files, images of buf and sets of protoc: imports are not served",
  async (t) => {
    const files = {
      "stock.proto": `syntax = "proto3"; package stock.v1; import "common.proto"; service StockService { rpc M(common.v1.C) returns (common.v1.C); }`,
      "common.proto": `syntax = "proto3"; package common.v1; message C {} service CommonService { rpc M(C) returns (C); }`,
    };
    const folder = t.testdir(files);
    const set = join(folder, "all.binpb");
    await writeFile(set, await buildProtos(files));
    const only = join(folder, "stock-only.binpb");
    const buf = join(import.meta.dirname, "../../../node_modules/.bin/buf");
    await promisify(execFile)(buf, ["build", folder, "--path", join(folder, "stock.proto"), "-o", only]);
    const given = (path: string) => findApi({ ...base, port: 1, reflection: false, proto: [path] }, signal());
    const both = ["common.v1.CommonService", "stock.v1.StockService"];
    t.same((await given(folder)).protoServices, both);
    t.same((await given(set)).protoServices, both);
    t.same(
      (await given(only)).protoServices,
      ["stock.v1.StockService"],
      "an import of an image is no service",
    );
    t.same((await given(join(folder, "common.proto"))).protoServices, ["common.v1.CommonService"]);
    const empty = join(folder, "empty.binpb");
    await writeFile(empty, toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema)));
    await t.rejects(given(empty), { message: /no descriptor set \(it has no files\)/ });
    await t.rejects(given(join(folder, "none.proto")), {
      message: /Cannot read --proto .*none\.proto: ENOENT/,
    });
    await t.rejects(
      findApi({ ...base, port: 1, reflection: false, proto: [set], services: ["x.v1.X"] }, signal()),
      {
        message: /Cannot use --proto .*: the service x\.v1\.X is missing/,
      },
    );
  },
);
