import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { DescriptorProtoSchema, StructSchema, ValueSchema } from "@bufbuild/protobuf/wkt";
import t from "tap";
import { AccountEventSchema, AccountSchema } from "../../../test/gen/samspel/test/v1/ledger_pb.ts";
import { FindingSchema, SpecimenSchema } from "../../../test/gen/samspel/test/v1/specimen_pb.ts";
import { decodeByPlan } from "./decode.ts";
import { encodeByPlan } from "./encode.ts";
import { decode, encode } from "./index.ts";

const deposited = (memo: string) =>
  create(AccountEventSchema, { event: { case: "deposited", value: { amount: 5n, memo } } });

t.test("encode() leaves messages that were made before as they are (W1)", async (t) => {
  const messages = Array.from({ length: 2_000 }, (_, index) => deposited("x".repeat((index * 37) % 5_000)));
  messages.splice(1_000, 0, deposited("€".repeat(100_000)));
  const encoded = messages.map((message) => encode(AccountEventSchema, message));
  for (const [index, message] of messages.entries())
    if (!Buffer.from(toBinary(AccountEventSchema, message)).equals(encoded[index] ?? Buffer.alloc(0)))
      t.fail(`message ${index} has other bytes`);
});

t.test("encode() makes no message keep more than a small slab alive, but a large one (W2)", async (t) => {
  const large = encode(AccountEventSchema, deposited("x".repeat(1_000_000)));
  t.ok(large.buffer.byteLength > 1_000_000);
  const small = encode(AccountEventSchema, deposited("x"));
  t.equal(small.buffer.byteLength, 64 * 1024);
});

t.test(
  "encode() shares no buffer where a decoded message would keep it (a state of bytes holds no slab)",
  async (t) => {
    const finding = create(FindingSchema, { image: new Uint8Array([1, 2, 3]), remark: "x" });
    const bytes = encodeByPlan(FindingSchema, finding);
    t.ok((bytes?.length ?? 0) > 0);
    t.equal(bytes?.buffer.byteLength, bytes?.length);
    t.same(decode(FindingSchema, encode(FindingSchema, finding)), finding);
  },
);

t.test(
  "encode() goes on after a message that is refused, and one that a getter encodes in its midst (V2)",
  async (t) => {
    const expected = toBinary(AccountEventSchema, deposited("memo"));
    const wrong = create(AccountEventSchema, { event: { case: "deposited", value: { memo: "begun" } } });
    Reflect.set(wrong.event.value ?? {}, "amount", "no number");
    t.throws(() => encode(AccountEventSchema, wrong), /invalid|Cannot convert/);
    t.same(new Uint8Array(encode(AccountEventSchema, deposited("memo"))), expected);

    let inner: Uint8Array | undefined;
    const getting = deposited("");
    Object.defineProperty(getting.event.value ?? {}, "memo", {
      get() {
        inner = encode(AccountEventSchema, deposited("memo"));
        return "memo";
      },
    });
    t.same(new Uint8Array(encode(AccountEventSchema, getting)), expected);
    t.same(inner && new Uint8Array(inner), expected);
  },
);

t.test(
  "encode() and decode() take the events and states of entities by plan, and leave the rest to protobuf-es",
  async (t) => {
    const event = deposited("memo");
    t.ok(decodeByPlan(AccountEventSchema, encodeByPlan(AccountEventSchema, event) ?? new Uint8Array()));
    t.ok(encodeByPlan(AccountSchema, create(AccountSchema, { balance: 5n })));
    const value = create(ValueSchema, { kind: { case: "stringValue", value: "x" } });
    t.equal(encodeByPlan(ValueSchema, value), undefined);
    t.same(decode(ValueSchema, encode(ValueSchema, value)), value);
    const struct = create(StructSchema, { fields: { a: value } });
    t.same(decode(StructSchema, encode(StructSchema, struct)), struct);
  },
);

/** A message that holds another one as its field of that number, and so on, in bytes. */
function nested(depth: number, number: number, innermost = new Uint8Array()): Uint8Array {
  let bytes = innermost;
  for (let level = 1; level < depth; level++)
    bytes = new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(bytes).finish();
  return bytes;
}

t.test("decode() goes as deep as fromBinary() and no deeper", async (t) => {
  t.ok(decodeByPlan(DescriptorProtoSchema, nested(100, 3)));
  t.same(decode(DescriptorProtoSchema, nested(100, 3)), fromBinary(DescriptorProtoSchema, nested(100, 3)));
  t.throws(() => decode(DescriptorProtoSchema, nested(101, 3)), /maximum recursion depth of 100/);
  // A wrapper is a message, too.
  const remark = new BinaryWriter()
    .tag(13, WireType.LengthDelimited)
    .bytes(new Uint8Array([10, 1, 120]))
    .finish();
  t.ok(decodeByPlan(FindingSchema, nested(99, 16, remark)));
  t.throws(() => decode(FindingSchema, nested(100, 16, remark)), /maximum recursion depth of 100/);
});

t.test("decode() takes a key __proto__ for a key (no pollution)", async (t) => {
  const entry = new BinaryWriter()
    .tag(1, WireType.LengthDelimited)
    .string("__proto__")
    .tag(2, WireType.Varint)
    .int32(7);
  const bytes = new BinaryWriter().tag(2, WireType.LengthDelimited).bytes(entry.finish()).finish();
  const { counts } = decode(SpecimenSchema, bytes);
  t.same(Object.entries(counts), [["__proto__", 7]]);
  t.equal(Object.getPrototypeOf(counts), Object.prototype);
});
