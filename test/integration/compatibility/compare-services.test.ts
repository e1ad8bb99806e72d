// Two versions of a proto service, compiled by the real compiler: each rule of docs/reference/api-changes.md.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { DescService } from "@bufbuild/protobuf";
import t from "tap";
import {
  changeRules,
  compareServices,
  descriptorSetOf,
  readDescriptorSet,
  type ServiceChange,
} from "../../../ts-runtime/src/compatibility/index.ts";
import { buildProtos } from "../../support/build-protos.ts";

const service = (
  methods: string,
  messages = "message Q { string a = 1; } message R { string a = 1; }",
): string => `service S { ${methods} } ${messages}`;
const call = "rpc M(Q) returns (R);";

interface Case {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  /** `rule` and what it is about; in order. */
  readonly changes: readonly string[];
  readonly syntax?: "proto2";
}

const messages = (q: string, r = "string a = 1;"): string =>
  service(call, `message Q { ${q} } message R { ${r} }`);

const cases: readonly Case[] = [
  { name: "nothing changed", before: service(call), after: service(call), changes: [] },
  {
    name: "renames are free",
    before: messages("string unit_price = 1;"),
    after: service(
      "rpc M(Query) returns (R);",
      "message Query { string price = 1; } message R { string a = 1; }",
    ),
    changes: [],
  },
  { name: "a service is gone", before: service(call), after: "message Q {}", changes: ["service-removed"] },
  { name: "a service is new", before: "message Q {}", after: service(call), changes: ["service-added"] },
  {
    name: "a method is gone, another one new",
    before: service(`${call} rpc N(Q) returns (R);`),
    after: service(`${call} rpc O(Q) returns (R);`),
    changes: ["method-removed N", "method-added O"],
  },
  {
    name: "a method streams",
    before: service(call),
    after: service("rpc M(Q) returns (stream R);"),
    changes: ["streaming-changed M"],
  },
  {
    name: "a method may not be repeated any more",
    before: service("rpc M(Q) returns (R) { option idempotency_level = IDEMPOTENT; }"),
    after: service(call),
    changes: ["retries-unsafe M"],
  },
  {
    name: "a method has effects now",
    before: service("rpc M(Q) returns (R) { option idempotency_level = NO_SIDE_EFFECTS; }"),
    after: service("rpc M(Q) returns (R) { option idempotency_level = IDEMPOTENT; }"),
    changes: ["idempotency-weakened M"],
  },
  {
    name: "more promised is free",
    before: service(call),
    after: service("rpc M(Q) returns (R) { option idempotency_level = NO_SIDE_EFFECTS; }"),
    changes: [],
  },
  {
    name: "a type changes",
    before: messages("string a = 1;"),
    after: messages("int32 a = 1;"),
    changes: ["type-changed Q.a"],
  },
  {
    name: "a request's type widens freely, a response's does not: its reader is the older one",
    before: messages("int32 a = 1;", "int32 a = 1;"),
    after: messages("int64 a = 1;", "int64 a = 1;"),
    changes: ["type-narrowed R.a"],
  },
  {
    name: "a response's type narrows freely, a request's does not",
    before: messages("int64 a = 1;", "int64 a = 1;"),
    after: messages("int32 a = 1;", "int32 a = 1;"),
    changes: ["type-narrowed Q.a"],
  },
  {
    name: "a request's list becomes one value",
    before: messages("repeated string a = 1;"),
    after: messages("string a = 1;"),
    changes: ["list-narrowed Q.a"],
  },
  {
    name: "a response's value becomes a list",
    before: messages("string a = 1;", "string a = 1;"),
    after: messages("string a = 1;", "repeated string a = 1;"),
    changes: ["list-narrowed R.a"],
  },
  {
    name: "fields join a oneof",
    before: messages("string a = 1; string b = 2;"),
    after: messages("oneof o { string a = 1; string b = 2; }"),
    changes: ["oneof-joined Q.b"],
  },
  {
    name: "a field goes",
    before: messages("string a = 1; string b = 2;", "string a = 1; string b = 2;"),
    after: messages("string a = 1;", "string a = 1;"),
    changes: ["field-removed Q.b", "field-removed R.b"],
  },
  {
    name: "a field goes, and its number is reserved",
    before: messages("string a = 1; string b = 2;"),
    after: messages("string a = 1; reserved 2;"),
    changes: ["field-reserved Q.b"],
  },
  {
    name: "a case of a oneof goes",
    before: messages("oneof o { string a = 1; int32 b = 2; }"),
    after: messages("oneof o { string a = 1; }"),
    changes: ["field-removed Q.b"],
  },
  {
    name: "a field gets another number",
    before: messages("string a = 1;"),
    after: messages("string a = 2;"),
    changes: ["field-renumbered Q.a"],
  },
  {
    name: "a field's number is used again",
    before: messages("string city = 1;"),
    after: messages("string colour = 1;"),
    changes: ["field-name Q.city"],
  },
  {
    name: "a field is new",
    before: messages("string a = 1;"),
    after: messages("string a = 1; string b = 2;"),
    changes: ["field-added Q.b"],
  },
  {
    name: "a field deep within, reached on two ways, is told once with its way",
    before: service(
      `${call} rpc N(Q) returns (R);`,
      "message Q { P p = 1; repeated P more = 2; } message R { P p = 1; } message P { string a = 1; }",
    ),
    after: service(
      `${call} rpc N(Q) returns (R);`,
      "message Q { P p = 1; repeated P more = 2; } message R { P p = 1; } message P { int32 a = 1; }",
    ),
    changes: ["type-changed P.a"],
  },
  {
    name: "an enum's value goes: who sends it is not understood, who waits for it waits",
    before: service(
      call,
      "message Q { E e = 1; } message R { F f = 1; } enum E { Z = 0; A = 1; } enum F { Y = 0; B = 1; }",
    ),
    after: service(call, "message Q { E e = 1; } message R { F f = 1; } enum E { Z = 0; } enum F { Y = 0; }"),
    changes: ["value-removed E.A", "value-retired F.B"],
  },
  {
    name: "an enum's value gets another number",
    before: service(call, "message Q { E e = 1; } message R {} enum E { Z = 0; A = 1; }"),
    after: service(call, "message Q { E e = 1; } message R {} enum E { Z = 0; A = 2; }"),
    changes: ["value-renumbered E.A"],
  },
  {
    name: "an enum's number is used again",
    before: service(call, "message Q { E e = 1; } message R {} enum E { Z = 0; RED = 1; }"),
    after: service(call, "message Q { E e = 1; } message R {} enum E { Z = 0; LARGE = 1; }"),
    changes: ["value-name E.RED"],
  },
  {
    name: "presence is lost",
    before: messages("optional int32 a = 1;"),
    after: messages("int32 a = 1;"),
    changes: ["presence-lost Q.a"],
  },
  {
    name: "a request's field becomes required",
    syntax: "proto2",
    before: messages("optional string a = 1;", "required string a = 1;"),
    after: messages("required string a = 1;", "required string a = 1;"),
    changes: ["field-required Q.a"],
  },
  {
    name: "a response's field is not required any more, by a reader that requires it",
    syntax: "proto2",
    before: messages("optional string a = 1;", "required string a = 1;"),
    after: messages("optional string a = 1;", "optional string a = 1;"),
    changes: ["field-required R.a"],
  },
  {
    name: "a default changes",
    syntax: "proto2",
    before: messages("optional int32 a = 1 [default = 1];", "optional string a = 1;"),
    after: messages("optional int32 a = 1 [default = 2];", "optional string a = 1;"),
    changes: ["default-changed Q.a"],
  },
];

/** One side of all cases, each in a package of its own: the compiler is started once. */
async function compile(side: "before" | "after"): Promise<(index: number) => DescService | undefined> {
  const files = cases.map(
    ({ syntax = "proto3", [side]: body }, index) =>
      [`s${index}.proto`, `syntax = "${syntax}"; package s${index}.v1; ${body}`] as const,
  );
  const set = readDescriptorSet(await buildProtos(Object.fromEntries(files)));
  return (index) => set.getService(`s${index}.v1.S`);
}

const [olderOf, newerOf] = await Promise.all([compile("before"), compile("after")]);

const told = ({ rule, type, name, methods }: ServiceChange): string => {
  const about = type === undefined ? methods.join(",") : `${type.replace(/^s\d*\.v1\./, "")}.${name}`;
  return `${rule} ${about}`.trim();
};

for (const [index, { name, changes }] of cases.entries()) {
  t.test(`compareServices() when ${name}`, async (t) => {
    t.same(compareServices(olderOf(index), newerOf(index)).map(told), changes);
  });
}

t.test("compareServices() sees an open enum become closed as what loses values", async (t) => {
  const of = async (kind: string) =>
    readDescriptorSet(
      await buildProtos({
        "s.proto": `edition = "2023"; package s.v1; service S { rpc M(Q) returns (R); }
          message Q { E e = 1; } message R {}
          enum E { option features.enum_type = ${kind}; Z = 0; }`,
      }),
    ).getService("s.v1.S");
  t.same(compareServices(await of("OPEN"), await of("CLOSED")).map(told), ["enum-closed E.Z"]);
});

t.test("compareServices() says change, place, way and fix, and only of methods that count", async (t) => {
  const of = async (body: string) =>
    readDescriptorSet(
      await buildProtos({ "s.proto": `syntax = "proto3"; package s.v1; ${body}` }),
    ).getService("s.v1.S");
  const older = await of(
    service(
      `${call} rpc N(Q) returns (R);`,
      "message Q { P p = 1; } message P { string a = 1; } message R {}",
    ),
  );
  const newer = await of(service(call, "message Q { P p = 1; } message P { int32 a = 1; } message R {}"));
  t.same(compareServices(older, newer), [
    {
      rule: "type-changed",
      verdict: "breaks",
      protoService: "s.v1.S",
      methods: ["M"],
      type: "s.v1.P",
      name: "a",
      number: 1,
      text: "s.v1.P.a, number 1, in p of the request, was string and is int32. Give the field its old type back, and the new type a field with a number of its own.",
    },
    {
      rule: "method-removed",
      verdict: "breaks",
      protoService: "s.v1.S",
      methods: ["N"],
      text: "s.v1.S.N is gone. Calls fail with UNIMPLEMENTED: serve it as long as it has callers.",
    },
  ]);
  t.same(
    compareServices(older, newer, { methods: new Set(["N"]) }).map(told),
    ["method-removed N"],
    "who calls only N does not care for the messages of M",
  );
});

t.test(
  "each rule has a case above, and a line with its verdict in docs/reference/api-changes.md",
  async (t) => {
    const met = new Set(
      [...cases.flatMap(({ changes }) => changes), "enum-closed"].map((text) => text.split(" ")[0] ?? ""),
    );
    t.same([...met].toSorted(), Object.keys(changeRules).toSorted());
    const page = readFileSync(join(import.meta.dirname, "../../../docs/reference/api-changes.md"), "utf8");
    const listed = [...page.matchAll(/^\| `([a-z-]+)` \| (\w+) \|/gm)].map(
      ([, rule, verdict]) => `${rule} ${verdict}`,
    );
    t.same(
      listed.toSorted(),
      Object.entries(changeRules)
        .map(([rule, { verdict }]) => `${rule} ${verdict}`)
        .toSorted(),
    );
  },
);

t.test(
  "descriptorSetOf() gives the same bytes in whatever order, files after their imports, no source info",
  async (t) => {
    const set = readDescriptorSet(
      await buildProtos({
        "a.proto": `syntax = "proto3"; package s.v1; import "z.proto"; service A { rpc M(Z) returns (Z); } // words`,
        "b.proto": `syntax = "proto3"; package s.v1; import "z.proto"; service B { rpc M(Z) returns (Z); }`,
        "z.proto": `syntax = "proto3"; package s.v1; message Z {}`,
        "unused.proto": `syntax = "proto3"; package s.v1; message U {}`,
      }),
    );
    const [a, b] = [set.getService("s.v1.A"), set.getService("s.v1.B")];
    if (a === undefined || b === undefined) throw new Error("no services");
    const bytes = descriptorSetOf([a, b]);
    t.same(descriptorSetOf([b, a]), bytes);
    const files = [...readDescriptorSet(bytes).files];
    t.same(files.map(({ name }) => name).toSorted(), ["a", "b", "z"]);
    t.ok(files.every(({ proto }) => proto.sourceCodeInfo === undefined));
  },
);
