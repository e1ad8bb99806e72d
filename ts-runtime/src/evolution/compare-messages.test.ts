// The rules, one by one, on real proto files; and docs/reference/event-changes.md has each of them.
import { readFile } from "node:fs/promises";
import { createFileRegistry, fromBinary, type DescMessage } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import t from "tap";
import { buildProtos } from "../../../test/support/build-protos.ts";
import { compareEvents } from "./compare-messages.ts";
import { decodeDescriptor, encodeDescriptor } from "./descriptor-set.ts";
import { explain, verdictOf } from "./finding.ts";

interface Change {
  /** The body of the message `Changed`, an event's case, and what else the file has behind `;;`. */
  readonly was: string;
  readonly is: string;
  /** The body of the event's oneof. Default `Changed changed = 1;`. */
  readonly cases?: readonly [string, string];
  readonly syntax?: "proto2" | "proto3" | readonly ["proto2" | "proto3", "proto2" | "proto3"];
  /** Name and number of what is found. Default: nothing. */
  readonly found?: string;
}

const change = (was: string, is: string, rest: Omit<Change, "was" | "is"> = {}): Change => ({
  was,
  is,
  ...rest,
});

/** By the names that the page gives them. */
const changes: Readonly<Record<string, readonly Change[]>> = {
  "field-added": [
    change("string a = 1;", "string a = 1; int32 b = 2;"),
    change("string a = 1;", "string a = 1; Money price = 2;;; message Money { int64 cents = 1; }"),
  ],
  "field-renamed": [
    change("int32 price = 1;", "int32 unit_price = 1;"),
    change("Money price = 1;; message Money {}", "Money cost = 1;; message Money {}"),
  ],
  "type-renamed": [
    change("Money a = 1;; message Money { int64 b = 1; }", "Price a = 1;; message Price { int64 b = 1; }"),
    change("A a = 1;; enum A { Z = 0; Y = 1; }", "B a = 1;; enum B { Z = 0; Y = 1; }"),
    change("Old a = 1;; message Old { Old a = 1; }", "New a = 1;; message New { New a = 1; }"),
  ],
  "field-reserved": [
    change("string a = 1; int32 b = 2;", "string a = 1; reserved 2 to 4;"),
    change("string a = 1; int32 b = 2;", "string a = 1; string b = 3; reserved 2;"),
  ],
  "type-widened": [
    change("int32 a = 1;", "int64 a = 1;"),
    change("uint32 a = 1;", "uint64 a = 1;"),
    change("uint32 a = 1;", "int64 a = 1;"),
    change("bool a = 1;", "int32 a = 1;"),
    change("bool a = 1;", "uint64 a = 1;"),
    change("sint32 a = 1;", "sint64 a = 1;"),
    change("string a = 1;", "bytes a = 1;"),
    change("M a = 1;; message M {}", "optional bytes a = 1;"),
    change("E a = 1;; enum E { Z = 0; }", "int32 a = 1;"),
    change("E a = 1;; enum E { Z = 0; }", "int64 a = 1;"),
    change("int32 a = 1;", "E a = 1;; enum E { Z = 0; }"),
    change("bool a = 1;", "E a = 1;; enum E { Z = 0; }"),
    change("repeated int32 a = 1;", "repeated int64 a = 1;"),
    change("map<int32, string> a = 1;", "map<int64, bytes> a = 1;"),
  ],
  "made-repeated": [
    change("string a = 1;", "repeated string a = 1;"),
    change("int32 a = 1;", "repeated int64 a = 1;"),
    change("M a = 1;; message M {}", "repeated M a = 1;; message M {}"),
  ],
  "packing-changed": [change("repeated int32 a = 1;", "repeated int32 a = 1 [packed = false];")],
  "oneof-entered": [
    change("string a = 1; string b = 2;", "oneof c { string a = 1; int32 d = 3; } string b = 2;"),
  ],
  "oneof-left": [
    change("oneof c { M a = 1; M b = 2; }; message M {}", "M a = 1; oneof d { M b = 2; }; message M {}"),
  ],
  "presence-gained": [change("int32 a = 1;", "optional int32 a = 1;")],
  "enum-opened": [
    change("optional E a = 1;; enum E { Z = 0; }", "optional E a = 1;; enum E { Z = 0; }", {
      syntax: ["proto2", "proto3"],
    }),
  ],
  "value-added": [change("E a = 1;; enum E { Z = 0; }", "E a = 1;; enum E { Z = 0; Y = 1; }")],
  "value-renamed": [
    change("E a = 1;; enum E { Z = 0; DARK_RED = 1; }", "E a = 1;; enum E { Z = 0; RED = 1; }"),
    change("E a = 1;; enum E { Z = 0; Y = 1; }", "E a = 1;; enum E { Z = 0; reserved 1; X = 2; }"),
  ],
  "case-added": [
    change("", ";; message Other {}", {
      cases: ["Changed changed = 1;", "Other other = 2; Changed changed = 1;"],
    }),
  ],
  "case-renamed": [change("", "", { cases: ["Changed changed = 1;", "Changed altered = 1;"] })],

  "case-removed": [
    change(";; message Other {}", "", {
      cases: ["Other other = 2; Changed changed = 1;", "Changed changed = 1;"],
      found: "other 2",
    }),
    change(";; message Other {}", ";; message Other {}", {
      cases: ["Other other = 2; Changed changed = 1;", "Other other = 3; Changed changed = 1;"],
      found: "other 2",
    }),
  ],
  "type-changed": [
    change("int32 a = 1;", "string a = 1;", { found: "a 1" }),
    change("int32 a = 1;", "sint32 a = 1;", { found: "a 1" }),
    change("int32 a = 1;", "fixed32 a = 1;", { found: "a 1" }),
    change("float a = 1;", "fixed32 a = 1;", { found: "a 1" }),
    change("float a = 1;", "double a = 1;", { found: "a 1" }),
    change("int64 a = 1;", "M a = 1;; message M {}", { found: "a 1" }),
    change("map<string, int32> a = 1;", "map<string, string> a = 1;", { found: "a 1" }),
    change("map<string, int32> a = 1;", "map<int32, int32> a = 1;", { found: "a 1" }),
    change("map<string, int32> a = 1;", "repeated M a = 1;; message M { string key = 1; int32 value = 2; }", {
      found: "a 1",
    }),
    change("repeated M a = 1;; message M { string key = 1; int32 value = 2; }", "map<string, int32> a = 1;", {
      found: "a 1",
    }),
    change(
      "M m = 1;; message M { repeated M a = 2; string b = 1; }",
      "M m = 1;; message M { repeated M a = 2; int32 b = 1; }",
      { found: "b 1" },
    ),
    change("optional group A = 1 {}", "optional M A = 1;; message M {}", { syntax: "proto2", found: "a 1" }),
  ],
  "type-narrowed": [
    change("int64 a = 1;", "int32 a = 1;", { found: "a 1" }),
    change("int32 a = 1;", "uint32 a = 1;", { found: "a 1" }),
    change("uint32 a = 1;", "int32 a = 1;", { found: "a 1" }),
    change("uint64 a = 1;", "int64 a = 1;", { found: "a 1" }),
    change("int32 a = 1;", "bool a = 1;", { found: "a 1" }),
    change("sint64 a = 1;", "sint32 a = 1;", { found: "a 1" }),
    change("fixed32 a = 1;", "sfixed32 a = 1;", { found: "a 1" }),
    change("bytes a = 1;", "string a = 1;", { found: "a 1" }),
    change("bytes a = 1;", "M a = 1;; message M {}", { found: "a 1" }),
    change("string a = 1;", "M a = 1;; message M {}", { found: "a 1" }),
    change("E a = 1;; enum E { Z = 0; }", "uint32 a = 1;", { found: "a 1" }),
    change("E a = 1;; enum E { Z = 0; }", "bool a = 1;", { found: "a 1" }),
    change("int64 a = 1;", "E a = 1;; enum E { Z = 0; }", { found: "a 1" }),
    change("optional int32 a = 1;", "optional E a = 1;; enum E { Z = 0; }", {
      syntax: "proto2",
      found: "a 1",
    }),
    change("map<int64, string> a = 1;", "map<int32, string> a = 1;", { found: "a 1" }),
    change("repeated int64 a = 1;", "repeated int32 a = 1;", { found: "a 1" }),
  ],
  "list-narrowed": [
    change("repeated string a = 1;", "string a = 1;", { found: "a 1" }),
    change("repeated int32 a = 1;", "optional int32 a = 1;", { found: "a 1" }),
  ],
  "oneof-joined": [
    change("string a = 1; int32 b = 2;", "oneof c { string a = 1; int32 b = 2; }", { found: "b 2" }),
    change(
      "oneof c { string a = 1; int32 b = 2; } string d = 3;",
      "oneof c { string a = 1; int32 b = 2; string d = 3; }",
      { found: "d 3" },
    ),
    change("optional string a = 1; optional int32 b = 2;", "oneof c { string a = 1; int32 b = 2; }", {
      found: "b 2",
    }),
  ],
  "field-renumbered": [change("string a = 1; int32 b = 2;", "string a = 1; int32 b = 3;", { found: "b 2" })],
  "field-required": [
    change("optional string a = 1;", "required string a = 1;", { syntax: "proto2", found: "a 1" }),
    change("", "required string a = 1;", { syntax: "proto2", found: "a 1" }),
  ],
  "enum-closed": [
    change("optional E a = 1;; enum E { Z = 0; }", "optional E a = 1;; enum E { Z = 0; }", {
      syntax: ["proto3", "proto2"],
      found: "Z 0",
    }),
  ],
  "value-removed": [
    change("optional E a = 1;; enum E { Z = 0; Y = 1; }", "optional E a = 1;; enum E { Z = 0; }", {
      syntax: "proto2",
      found: "Y 1",
    }),
    change(
      "optional E a = 1;; enum E { Z = 0; Y = 1; }",
      "optional E a = 1;; enum E { Z = 0; reserved 1; }",
      { syntax: "proto2", found: "Y 1" },
    ),
  ],
  "value-renumbered": [
    change("E a = 1;; enum E { Z = 0; Y = 1; }", "E a = 1;; enum E { Z = 0; Y = 2; }", { found: "Y 1" }),
  ],
  "field-removed": [
    change("string a = 1; int32 b = 2;", "string a = 1;", { found: "b 2" }),
    change("string a = 1; int32 b = 4;", "string a = 1; reserved 2 to 3;", { found: "b 4" }),
  ],
  "field-name": [
    change("string sku = 1;", "string coupon = 1;", { found: "sku 1" }),
    change("string sku = 1; string note = 2;", "string note = 1; string text_note = 2;", { found: "sku 1" }),
    change(";; message Other {}", ";; message Foreign {}", {
      cases: ["Changed changed = 1; Other other = 2;", "Changed changed = 1; Foreign foreign = 2;"],
      found: "other 2",
    }),
  ],
  "presence-lost": [
    change("optional int32 a = 1;", "int32 a = 1;", { found: "a 1" }),
    change("oneof c { int32 a = 1; }", "int32 a = 1;", { found: "a 1" }),
  ],
  "default-changed": [
    change("optional int32 a = 1 [default = 5];", "optional int32 a = 1 [default = 7];", {
      syntax: "proto2",
      found: "a 1",
    }),
    change("optional bytes a = 1 [default = 'x'];", "optional bytes a = 1;", {
      syntax: "proto2",
      found: "a 1",
    }),
  ],
  "value-dropped": [
    change("E a = 1;; enum E { Z = 0; Y = 1; }", "E a = 1;; enum E { Z = 0; }", { found: "Y 1" }),
  ],
  "value-name": [
    change("E a = 1;; enum E { Z = 0; RED = 1; }", "E a = 1;; enum E { Z = 0; BLUE = 1; }", {
      found: "RED 1",
    }),
  ],
};

function source(
  name: string,
  body: string,
  { cases = "Changed changed = 1;", syntax = "proto3" } = {},
): string {
  const [fields, ...rest] = body.split(";;");
  const end = rest.length === 0 || fields?.trim() === "" ? "" : ";";
  return `syntax = "${syntax}";
    package ${name};
    message Event { oneof event { ${cases} } }
    message Changed { ${fields}${end} }
    ${rest.join(";;")}`;
}

const all = Object.entries(changes).flatMap(([rule, list]) =>
  list.map((each, index) => ({ ...each, rule, id: `${rule.replaceAll("-", "_")}_${index}` })),
);
const files = all.flatMap(({ id, was, is, cases = [], syntax = "proto3" }) => {
  const [before, after] = typeof syntax === "string" ? [syntax, syntax] : syntax;
  return [
    [`${id}_was.proto`, source(`${id}.was`, was, { syntax: before, ...(cases[0] && { cases: cases[0] }) })],
    [`${id}_is.proto`, source(`${id}.is`, is, { syntax: after, ...(cases[1] && { cases: cases[1] }) })],
  ];
});
const registry = createFileRegistry(
  fromBinary(FileDescriptorSetSchema, await buildProtos(Object.fromEntries(files))),
);

function event(name: string): DescMessage {
  const message = registry.getMessage(`${name}.Event`);
  if (message === undefined) throw new Error(`No ${name}`);
  return message;
}

for (const { rule, id, was, is, found } of all) {
  t.test(`compareEvents() ${found === undefined ? "takes" : "finds"} ${rule}: ${was} → ${is}`, async (t) => {
    const [stored, compiled] = [event(`${id}.was`), event(`${id}.is`)];
    const findings = compareEvents(stored, compiled);
    t.same(
      findings.map(({ rule, name, number }) => `${rule} ${name} ${number}`),
      found === undefined ? [] : [`${rule} ${found}`],
    );
    t.same(compareEvents(compiled, compiled), [], "what did not change is free");
    const { bytes, message, digest } = encodeDescriptor(stored);
    const decoded = decodeDescriptor(bytes, message);
    t.same(decoded && compareEvents(decoded, compiled), findings, "also of what was stored and read again");
    t.equal(decoded && encodeDescriptor(decoded).digest, digest, "under the same digest");
  });
}

t.test("docs/reference/event-changes.md has each rule and its verdict", async (t) => {
  const page = await readFile(new URL("../../../docs/reference/event-changes.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \|.*\| (\w+) \|$/gm)].map(([, rule, verdict]) => [
    rule,
    verdict,
  ]);
  const verdicts = Object.entries(changes).map(([rule, [first]]) => {
    const [finding] =
      first?.found === undefined
        ? []
        : compareEvents(
            event(`${rule.replaceAll("-", "_")}_0.was`),
            event(`${rule.replaceAll("-", "_")}_0.is`),
          );
    return [rule, finding === undefined ? "free" : verdictOf(finding)];
  });
  t.same(Object.fromEntries(rows), Object.fromEntries(verdicts));
  t.equal(rows.length, verdicts.length);
});

t.test("explain() names message, field, number, way, what it was, what it is and the fix", async (t) => {
  const [finding] = compareEvents(event("type_changed_10.was"), event("type_changed_10.is"));
  t.equal(
    finding && explain(finding),
    "type_changed_10.is.M.b, number 1 (in changed.m), was string and is int32. " +
      "Give the field its old type back, and the new type a field with a number of its own.",
  );
});
