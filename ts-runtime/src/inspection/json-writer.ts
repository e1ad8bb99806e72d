// Messages as google.protobuf.Struct, in the JSON mapping of proto3.
import { createRegistry, toJson, type DescMessage, type JsonObject, type Message } from "@bufbuild/protobuf";
import type { Entity } from "../entity/index.ts";
import { withDependencies } from "../service/index.ts";

/** Writes a message; one whose JSON is no object, such as a `google.protobuf.StringValue`, stands in a field `value`. */
export type JsonWriter = (desc: DescMessage, message: Message) => JsonObject;

/** A writer for an entity's messages, which knows what a `google.protobuf.Any` in them may hold. */
export function createJsonWriter({ state, event }: Pick<Entity, "state" | "event">): JsonWriter {
  const registry = createRegistry(...[state.file, event.file].flatMap(withDependencies));
  return (desc, message) => {
    const json = toJson(desc, message, { registry });
    return typeof json === "object" && json !== null && !Array.isArray(json) ? json : { value: json };
  };
}
