// Sets of languages whose generated code has no JSON names.
import { create, fromBinary, toBinary, toJson } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import t from "tap";
import { descriptorSetOf, readDescriptorSet } from "../../../ts-runtime/src/descriptor/index.ts";
import { CounterTopics } from "../../gen/samspel/test/v1/counter_pb.ts";

t.test(
  "readDescriptorSet() gives fields their JSON names where a set has none, as of Python and Java",
  async (t) => {
    const set = fromBinary(FileDescriptorSetSchema, descriptorSetOf([CounterTopics]));
    for (const { messageType } of set.file)
      for (const { field } of messageType) for (const each of field) each.jsonName = "";
    const schema = readDescriptorSet(toBinary(FileDescriptorSetSchema, set)).getMessage(
      "samspel.test.v1.CounterChanged",
    );
    if (schema === undefined) throw new Error("no message");
    t.same(toJson(schema, create(schema, { counterId: "a" })), { counterId: "a" });
  },
);
