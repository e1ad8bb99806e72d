import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, StructSchema, ValueSchema } from "@bufbuild/protobuf/wkt";
import * as fc from "fast-check";
import t from "tap";
import {
  CartEventSchema,
  ItemAddedSchema,
} from "../../../examples/shopping-cart/gen/cart/v1/cart_entity_pb.ts";
import { FindingSchema } from "../../../test/gen/samspel/test/v1/specimen_pb.ts";
import { firstDifference } from "./difference.ts";
import { sampleMessage } from "./samples.ts";

t.test("sampleMessage() makes an empty message first, then whole ones", async (t) => {
  t.match(sampleMessage(ItemAddedSchema, 0), { sku: "", quantity: 0 });
  t.match(sampleMessage(ItemAddedSchema, 3), { sku: "sku-3", quantity: 3 });
  t.match(sampleMessage(FindingSchema, 1), {
    weight: 0.5,
    length: 0.5,
    serial: 1n,
    count: 1,
    label: "label-1",
    image: Uint8Array.of(1),
    broken: true,
    certainty: 1,
    notes: ["notes-1"],
    parts: { 1: { label: "label-1" } },
    foundAt: { seconds: 1n },
    remark: "value-1",
    age: 1,
    place: { case: "inside", value: { label: "label-1" } },
  });
  t.match(sampleMessage(FindingSchema, 2), { place: { case: "drawer" }, notes: ["notes-2", "notes-3"] });
});

t.test("any sample of any message survives its bytes, and is the same in every run", async (t) => {
  const messages = [FindingSchema, CartEventSchema, FileDescriptorProtoSchema, StructSchema, ValueSchema];
  fc.assert(
    fc.property(fc.constantFrom(...messages), fc.nat(1_000), (desc, number) => {
      const sample = sampleMessage(desc, number);
      t.equal(firstDifference(sample, fromBinary(desc, toBinary(desc, sample as never))), undefined);
      t.equal(firstDifference(sample, sampleMessage(desc, number)), undefined);
    }),
  );
});
