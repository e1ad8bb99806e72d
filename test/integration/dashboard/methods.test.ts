// What is said of methods, of their descriptors: HTTP rules, who sees them, comments; and calls that are given up.
import { once } from "node:events";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import t from "tap";
import { describeMethod } from "../../../devkit/src/dashboard/methods/describe-method.ts";
import { jsonSchema } from "../../../devkit/src/dashboard/methods/json-schema.ts";
import { descriptorSetOf, readDescriptorSet } from "../../../ts-runtime/src/descriptor/index.ts";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";
import { GuardedService } from "../../gen/samspel/test/v1/guarded_pb.ts";
import { LibraryService } from "../../gen/samspel/test/v1/library_pb.ts";
import { ParcelService } from "../../gen/samspel/test/v1/parcel_pb.ts";
import { FindingSchema } from "../../gen/samspel/test/v1/specimen_pb.ts";
import { buildProtos } from "../../support/build-protos.ts";
import { until } from "../../support/until.ts";
import { startEcho } from "../calls/echo-server.ts";
import { startFixture } from "./fixture.ts";

t.test("describeMethod() gives all HTTP rules, and who may call", async (t) => {
  const { getShelf } = LibraryService.method;
  t.match(describeMethod(getShelf), {
    http: ["GET /v1/shelves/{shelf_id}", "GET /v1/themes/{theme}/shelves/{shelf_id}"],
    isPublic: true,
    allowed: undefined,
    idempotency: "NO_SIDE_EFFECTS",
  });
  const all = LibraryService.methods.map(describeMethod);
  t.ok(
    all.some(({ http }) => http.some((rule) => /^(?!GET|PUT|POST|PATCH|DELETE)[A-Z]+ \//.test(rule))),
    "custom ones",
  );
  t.ok(
    all.some(({ isPublic }) => !isPublic),
    "and one that is closed",
  );
  t.same(describeMethod(GuardedService.method.forNobody).allowed, []);
  const { echoJoined, echoMany, echoEach } = EchoService.method;
  t.match(describeMethod(echoJoined), { clientStreaming: true, serverStreaming: false, tellable: false });
  t.match(describeMethod(echoMany), { clientStreaming: false, serverStreaming: true, tellable: false });
  t.match(describeMethod(echoEach), { clientStreaming: true, serverStreaming: true, isPublic: false });
});

t.test(
  "a command that says that it de-duplicates may be told, as the registry's descriptors have it",
  async (t) => {
    const set = readDescriptorSet(descriptorSetOf([ParcelService]));
    const [told, ...others] = (set.getService(ParcelService.typeName)?.methods ?? []).filter(
      ({ name }) => name === "Pack",
    );
    if (told === undefined || others.length > 0) throw new Error("no such method");
    t.match(describeMethod(told), { tellable: true, idempotency: "" });
  },
);

t.test("comments are there where descriptors have source info", async (t) => {
  const built = await buildProtos({
    "shop.proto": `syntax = "proto3"; package shop.v1;
      service Shop {
        // Sells one.
        // Or more.
        rpc Sell(Order) returns (Order);
      }
      message Order {
        // How it is sent.
        message Parcel { enum Size { SIZE_UNSPECIFIED = 0; } }
        // How many.
        int32 count = 1 [deprecated = true];
        Parcel parcel = 2;
      }`,
  });
  const set = createFileRegistry(fromBinary(FileDescriptorSetSchema, built));
  const method = set.getService("shop.v1.Shop")?.methods[0];
  if (method === undefined) throw new Error("no method");
  t.equal(describeMethod(method).comment, "Sells one.\nOr more.");
  t.match(jsonSchema(method.input)["$defs"], {
    "shop.v1.Order": { properties: { count: { description: "How many.", deprecated: true } } },
    "shop.v1.Order.Parcel": { description: "How it is sent." },
  });
});

t.test("jsonSchema() says of each kind of field what it is", async (t) => {
  const { $defs } = jsonSchema(FindingSchema) as { readonly $defs: Readonly<Record<string, object>> };
  t.match($defs["samspel.test.v1.Finding"], {
    title: "Finding",
    additionalProperties: false,
    "x-oneofs": { place: ["drawer", "inside"] },
    properties: {
      serial: { type: ["string", "integer"], format: "int64" },
      count: { type: "integer", minimum: 0 },
      image: { type: "string", contentEncoding: "base64" },
      certainty: { $ref: "#/$defs/samspel.test.v1.Certainty" },
      notes: { type: "array", items: { type: "string" } },
      parts: {
        propertyNames: { pattern: "^-?[0-9]+$" },
        additionalProperties: { $ref: "#/$defs/samspel.test.v1.Finding" },
      },
      halves: { propertyNames: { enum: ["true", "false"] } },
      foundAt: { $ref: "#/$defs/google.protobuf.Timestamp" },
      remark: { $ref: "#/$defs/google.protobuf.StringValue" },
    },
  });
  t.match($defs["google.protobuf.Timestamp"], { type: "string", format: "date-time" });
  t.match($defs["samspel.test.v1.Certainty"], {
    enum: ["CERTAINTY_UNSPECIFIED", "CERTAINTY_GUESS", "CERTAINTY_MEASURED"],
  });
});

t.test("a call that a browser leaves ends at the service", { timeout: 30_000 }, async (t) => {
  const { client, registry } = await startFixture(t);
  const echo = await startEcho(t);
  await registry.place({
    name: "echo",
    address: "127.0.0.1",
    port: echo.server.port,
    protoServices: [EchoService.typeName],
    descriptors: descriptorSetOf([EchoService]),
    check: { type: "none" },
  });
  await until("it is known", async () => (await client.listMethods({ brief: true })).methods.length > 0);
  const leave = new AbortController();
  const call = {
    protoService: EchoService.typeName,
    method: "EchoMany",
    requests: ['{"text":"endless","count":1}'],
  };
  const answers = client.call(call, { signal: leave.signal })[Symbol.asyncIterator]();
  await answers.next();
  t.match(await answers.next(), { value: { event: { case: "message", value: '{"text":"endless"}' } } });
  const [context] = echo.contexts;
  if (context === undefined) throw new Error("no call came");
  const ended = once(context.signal, "abort", { signal: AbortSignal.timeout(10_000) });
  leave.abort();
  await t.rejects(answers.next());
  await ended;
  t.ok(context.signal.aborted);
});
