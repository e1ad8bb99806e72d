// A method in one line, with the options that say how it may be used.
import { getOption, hasOption, type DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Level } from "@bufbuild/protobuf/wkt";
import { http } from "@samspel/runtime/gen/google/api/annotations_pb.js";
import { deduplicated, key, topic } from "@samspel/runtime/gen/samspel/v1/options_pb.js";

export interface MethodView {
  readonly name: string;
  /** As a proto file has them, `stream` before those that are. */
  readonly request: string;
  readonly response: string;
  /** Such as `IDEMPOTENT`, `key=cart_id`, `topic`, `GET /v1/carts/{cart_id}`. */
  readonly options: readonly string[];
}

export function describeMethod(method: DescMethod): MethodView {
  const { methodKind, input, output } = method;
  return {
    name: method.name,
    request: streamed(methodKind === "client_streaming" || methodKind === "bidi_streaming", input.typeName),
    response: streamed(methodKind === "server_streaming" || methodKind === "bidi_streaming", output.typeName),
    options: [...optionsOf(method)],
  };
}

function* optionsOf(method: DescMethod): Generator<string> {
  if (method.deprecated) yield "deprecated";
  if (method.idempotency !== Level.IDEMPOTENCY_UNKNOWN) yield Level[method.idempotency];
  const keyed = method.input.fields.find((field) => hasOption(field, key) && getOption(field, key));
  if (keyed !== undefined) yield `key=${keyed.name}`;
  if (hasOption(method, topic)) yield getOption(method, topic).live ? "live topic" : "topic";
  if (hasOption(method, deduplicated) && getOption(method, deduplicated)) yield "deduplicated";
  if (!hasOption(method, http)) return;
  const { pattern } = getOption(method, http);
  if (pattern.case === "custom") yield `${pattern.value.kind} ${pattern.value.path}`;
  else if (pattern.case !== undefined) yield `${pattern.case.toUpperCase()} ${pattern.value}`;
}

function streamed(is: boolean, name: string): string {
  return is ? `stream ${name}` : name;
}
