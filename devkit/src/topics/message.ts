// What a message of a topic says.
import { fromBinary, getOption, type Message } from "@bufbuild/protobuf";
import { key } from "@samspel/runtime/gen/samspel/v1/options_pb.js";
import { writeMessage } from "../dynamic/index.ts";
import type { DeclaredTopic } from "./declared-topic.ts";
import type { StoredMessage } from "./read-topic.ts";

/** The message, or why there is none: one that is broken keeps nobody from reading on. */
export type Decoded =
  | { readonly type: "message"; readonly json: string; readonly key: string; readonly typeName: string }
  | { readonly type: "problem"; readonly problem: string; readonly key: string; readonly typeName: string };

/** Decodes a message; its key is the one in its headers, else the one that it has itself. */
export function decodeMessage(
  { method, types }: Pick<DeclaredTopic, "method" | "types">,
  { data, headers }: Pick<StoredMessage, "data" | "headers">,
): Decoded {
  // A topic may hold messages of an older type.
  const schema = types.getMessage(headers["ce-type"] ?? "") ?? method.output;
  const { typeName } = schema;
  const said = keyOf({ headers });
  try {
    const message = fromBinary(schema, data);
    const own = said === undefined ? keyInside(schema.fields, message) : said;
    return { type: "message", json: writeMessage(schema, message, types), key: own, typeName };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const problem = `no ${typeName} (${reason}): ${data.length} bytes`;
    return { type: "problem", problem, key: said ?? "", typeName };
  }
}

/** The key that its headers say. */
export function keyOf({ headers }: Pick<StoredMessage, "headers">): string | undefined {
  return headers["ce-partitionkey"] ?? headers["ce-subject"];
}

function keyInside(fields: DeclaredTopic["method"]["output"]["fields"], message: Message): string {
  const field = fields.find((each) => getOption(each, key));
  const value: unknown = field === undefined ? undefined : Reflect.get(message, field.localName);
  return typeof value === "string" ? value : "";
}
