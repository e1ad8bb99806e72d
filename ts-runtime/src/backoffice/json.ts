// Messages in the JSON mapping of proto3, as google.protobuf.Struct has it.
import { createRegistry, toJson, type DescMessage, type JsonObject, type Message } from "@bufbuild/protobuf";
import { withDependencies } from "../service/index.ts";

/** One whose JSON is no object, such as a `google.protobuf.StringValue`, stands in a field `value`. */
export function writeJson(desc: DescMessage, message: Message): JsonObject {
  const registry = createRegistry(...withDependencies(desc.file));
  const json = toJson(desc, message, { registry });
  return typeof json === "object" && json !== null && !Array.isArray(json) ? json : { value: json };
}
