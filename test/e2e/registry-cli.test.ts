// `samspel registry`, as a person, a script or CI runs it.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import t, { type Test } from "tap";
import { descriptorSetOf, readDescriptorSet } from "../../ts-runtime/src/descriptor/index.ts";
import { startEcho } from "../integration/calls/echo-server.ts";
import { buildProtos } from "../support/build-protos.ts";
import { registered, type Registered } from "./join/joined.ts";

const stock = "stock.v1.StockService";

async function stockSet(methods: string, request = "string sku = 1;"): Promise<Uint8Array> {
  const built = readDescriptorSet(
    await buildProtos({
      "stock.proto": `syntax = "proto3"; package stock.v1;
        service StockService { ${methods} }
        message Request { ${request} } message Response {}`,
    }),
  );
  const service = built.getService(stock);
  if (service === undefined) throw new Error("no service");
  return descriptorSetOf([service]);
}

const reserve = "rpc Reserve(Request) returns (Response);";
const find =
  "rpc Find(Request) returns (stream Response) { option idempotency_level = NO_SIDE_EFFECTS; option deprecated = true; }";
const first = await stockSet(`${reserve} ${find}`);
const next = await stockSet(reserve, "string sku = 1; string note = 2;");

/** Two versions of the stock, one of them not well, and a caller of the older one. */
async function withStock(t: Test): Promise<Registered> {
  const on = await registered(t);
  const base = { name: "stock", address: "127.0.0.1", protoServices: [stock], lang: "go" };
  await on.registry.place({
    ...base,
    port: 1,
    version: "1.4.0",
    descriptors: first,
    check: { type: "none" },
  });
  await on.registry.place({
    ...base,
    port: 2,
    version: "1.5.0",
    descriptors: next,
    secure: true,
    check: { type: "tcp", intervalMs: 1_000 },
    deregisterCriticalAfterMs: "never",
  });
  const sha256 = await on.registry.descriptors.publish(first);
  await on.registry.descriptors.noteCaller(stock, {
    caller: "cart",
    version: "2.0.0",
    sha256,
    methods: ["Find"],
  });
  return on;
}

async function outcome(on: Registered, ...args: readonly string[]) {
  const command = on.samspel("registry", ...args);
  const code = await command.code;
  return { code, out: command.out.join("\n"), err: command.err.join("\n") };
}

t.test("samspel registry ls shows services with instances, health, versions, languages", async (t) => {
  const empty = await registered(t);
  t.match(await outcome(empty, "ls"), { code: 0, out: /^no services are in the registry at / });
  const on = await withStock(t);
  const { out } = await outcome(on, "ls");
  t.match(
    out,
    /^service +instances +version +language +tls +proto services\nstock +(2 passing|1 passing, 1 critical) +1\.4\.0, 1\.5\.0 +go +some +stock\.v1\.StockService$/,
  );
  const answer = JSON.parse((await outcome(on, "ls", "--json")).out);
  t.match(answer, {
    services: [
      {
        name: "stock",
        versions: ["1.4.0", "1.5.0"],
        languages: ["go"],
        secure: "some",
        protoServices: [stock],
      },
    ],
  });
});

t.test("samspel registry show tells instances, methods with their options, and callers", async (t) => {
  const on = await withStock(t);
  const { code, out } = await outcome(on, "show", "stock");
  t.equal(code, 0);
  t.match(out, /^stock-127-0-0-1-1 +127\.0\.0\.1:1 +passing +1\.4\.0 +go +– +no +[0-9a-f]{12}$/m);
  t.match(out, /^stock\.v1\.StockService \(version 1\.4\.0\)$/m);
  t.match(out, /^Find +stock\.v1\.Request +stream stock\.v1\.Response +deprecated, NO_SIDE_EFFECTS$/m);
  t.match(out, /^stock\.v1\.StockService \(version 1\.5\.0\)$/m);
  t.match(out, /^cart +2\.0\.0 +stock\.v1\.StockService +Find +20\d\d-/m);
  t.match(JSON.parse((await outcome(on, "show", "stock", "--json")).out), {
    name: "stock",
    instances: [{ id: "stock-127-0-0-1-1" }, { id: "stock-127-0-0-1-2" }],
    callers: [{ caller: "cart", methods: ["Find"] }],
  });
  t.match(await outcome(on, "show", "nobody"), {
    code: 2,
    out: "",
    err: /^No service nobody is in the registry at .*: there are stock$/,
  });
});

t.test("samspel registry show asks an instance that has published nothing", async (t) => {
  const on = await registered(t);
  const { server } = await startEcho(t);
  const protoService = "samspel.test.v1.EchoService";
  const base = { address: "127.0.0.1", protoServices: [protoService], check: { type: "none" } } as const;
  await on.registry.place({ ...base, name: "echo", port: server.port });
  await on.registry.place({ ...base, name: "away", port: 1 });
  t.match(
    (await outcome(on, "show", "echo")).out,
    /^Echo +samspel\.test\.v1\.EchoRequest .* NO_SIDE_EFFECTS$/m,
  );
  const away = await outcome(on, "show", "away");
  t.equal(away.code, 0);
  t.match(away.out, /its methods are not known: it has published no descriptors, and does not tell them/);
});

t.test(
  "samspel registry diff tells what changed and what breaks, and says so by its exit code",
  async (t) => {
    const on = await withStock(t);
    const breaking = await outcome(on, "diff", "stock@1.4.0", "stock@1.5.0");
    t.equal(breaking.code, 1);
    t.match(breaking.out, /^breaks +method-removed +Find +stock\.v1\.StockService\.Find is gone\./m);
    t.match(breaking.out, /^free +field-added +Reserve +stock\.v1\.Request\.note/m);
    t.match(breaking.out, /\n1 change breaks callers$/);
    const back = await outcome(on, "diff", "stock-127-0-0-1-2", "stock-127-0-0-1-1", "--json");
    t.match(JSON.parse(back.out), {
      from: "stock-127-0-0-1-2",
      to: "stock-127-0-0-1-1",
      compatible: false,
      changes: [
        { rule: "field-removed", type: "stock.v1.Request", name: "note", number: 2 },
        { rule: "method-added" },
      ],
    });
    const sha256 = await on.registry.descriptors.publish(first);
    t.match(await outcome(on, "diff", "stock@1.4.0", sha256), {
      code: 0,
      out: /are the same to their callers$/,
    });
    t.match(await outcome(on, "diff", "stock", "stock@1.5.0"), {
      code: 2,
      err: /^stock has instances of 2 APIs: give <service>@<version>, or an id: stock-127-0-0-1-1 \(version 1\.4\.0\)/,
    });
    t.match(await outcome(on, "diff", "stock@9", "stock@1.5.0"), {
      code: 2,
      err: /^No instance is stock@9: versions are 1\.4\.0, 1\.5\.0$/,
    });
    t.match(await outcome(on, "diff", "stock@1.4.0"), { code: 2, err: /^Compare with what\?/ });
  },
);

t.test("samspel registry diff --against-proto compares what runs with files, built or not", async (t) => {
  const on = await withStock(t);
  const folder = t.testdir({
    "stock.proto": `syntax = "proto3"; package stock.v1; service StockService { ${reserve} ${find} rpc New(Request) returns (Response); }
      message Request { string sku = 1; } message Response {}`,
    "other.proto": `syntax = "proto3"; package other.v1; service OtherService { rpc M(E) returns (E); } message E {}`,
  });
  const files = await outcome(on, "diff", "stock@1.4.0", "--against-proto", folder);
  t.match(files, { code: 0, out: /^free +method-added +New +stock\.v1\.StockService\.New is new\.$/m });
  t.notMatch(files.out, "OtherService", "of other packages nothing is said");
  const set = join(folder, "next.binpb");
  await writeFile(set, next);
  t.match(await outcome(on, "diff", "stock@1.4.0", "--against-proto", set), {
    code: 1,
    out: /method-removed/,
  });
  await writeFile(set, "rubbish");
  t.match(await outcome(on, "diff", "stock@1.4.0", "--against-proto", set), {
    code: 2,
    err: /^Cannot use --proto .*next\.binpb as it is no descriptor set/,
  });
  await writeFile(join(folder, "stock.proto"), "syntax");
  t.match(await outcome(on, "diff", "stock@1.4.0", "--against-proto", folder), {
    code: 2,
    err: /^Cannot compile --proto .* with .*buf:\n.*stock\.proto/,
  });
});

t.test("samspel registry says where there is no registry", async (t) => {
  const on = await registered(t);
  t.match(await outcome(on, "ls", "--registry", "http://127.0.0.1:1"), {
    code: 2,
    out: "",
    err: /the registry at http:\/\/127\.0\.0\.1:1 gives no answer/,
  });
});
