// What can be said of a method, read from its descriptor.
import { getOption, hasOption, type DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Level } from "@bufbuild/protobuf/wkt";
import type { HttpRule } from "@samspel/runtime/gen/google/api/http_pb.js";
import { http } from "@samspel/runtime/gen/google/api/annotations_pb.js";
import {
  allow,
  deduplicated,
  key,
  public$,
  public_service,
  topic,
} from "@samspel/runtime/gen/samspel/v1/options_pb.js";
import { commentOf } from "./comment.ts";

/** Small and plain, so that those of a thousand services can be kept. */
export interface MethodFacts {
  readonly protoService: string;
  readonly name: string;
  readonly comment: string;
  readonly input: string;
  readonly output: string;
  readonly clientStreaming: boolean;
  readonly serverStreaming: boolean;
  readonly tellable: boolean;
  readonly idempotency: string;
  /** The topic's name; empty where it is the method of none. */
  readonly topic: string;
  /** Whether that topic is live. */
  readonly live: boolean;
  readonly keyField: string;
  readonly http: readonly string[];
  /** Undefined where the proto file does not say. */
  readonly allowed: readonly string[] | undefined;
  /** Whether the gateway serves it. */
  readonly isPublic: boolean;
}

export function describeMethod(method: DescMethod): MethodFacts {
  const { methodKind, input, output, idempotency } = method;
  const isIdempotent = idempotency !== Level.IDEMPOTENCY_UNKNOWN;
  const tellable = methodKind === "unary" && (isIdempotent || getOption(method, deduplicated));
  const protoService = method.parent.typeName;
  return {
    protoService,
    name: method.name,
    comment: commentOf(method),
    input: input.typeName,
    output: output.typeName,
    clientStreaming: methodKind === "client_streaming" || methodKind === "bidi_streaming",
    serverStreaming: methodKind === "server_streaming" || methodKind === "bidi_streaming",
    tellable,
    idempotency: isIdempotent ? Level[idempotency] : "",
    live: hasOption(method, topic) && getOption(method, topic).live,
    topic: hasOption(method, topic) ? getOption(method, topic).name || `${protoService}.${method.name}` : "",
    keyField: input.fields.find((field) => getOption(field, key))?.jsonName ?? "",
    http: hasOption(method, http) ? rulesOf(getOption(method, http)) : [],
    allowed: hasOption(method, allow) ? getOption(method, allow).services : undefined,
    isPublic: hasOption(method, public$)
      ? getOption(method, public$)
      : getOption(method.parent, public_service),
  };
}

/** A rule and its additional ones: `GET /v1/carts/{cart_id}`. */
function rulesOf(rule: HttpRule): readonly string[] {
  const { pattern } = rule;
  const own =
    pattern.case === undefined
      ? []
      : [
          pattern.case === "custom"
            ? `${pattern.value.kind} ${pattern.value.path}`
            : `${pattern.case.toUpperCase()} ${pattern.value}`,
        ];
  return [...own, ...rule.additionalBindings.flatMap(rulesOf)];
}
