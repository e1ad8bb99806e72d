// One binding of a method to HTTP, as its `google.api.http` says, with all that can be known before a request comes.
import { getOption, hasOption, type DescField, type DescMethod } from "@bufbuild/protobuf";
import { http } from "@samspel/runtime/gen/google/api/annotations_pb.js";
import type { HttpRule } from "@samspel/runtime/gen/google/api/http_pb.js";
import type { OpenService } from "../api/index.ts";
import { findFields, textKindOf } from "./field-path.ts";
import { parsePathTemplate, type PathTemplate } from "./path-template.ts";

/** Where a request's fields are that are not in its path. */
type BodyRule =
  /** All in the body. */
  | { readonly type: "all" }
  /** This one in the body, the others in the query. */
  | { readonly type: "field"; readonly field: DescField }
  /** All in the query. */
  | { readonly type: "none" };

export interface RestBinding {
  /** `GET`, or `*` for any. */
  readonly httpMethod: string;
  readonly path: string;
  readonly template: PathTemplate;
  readonly method: DescMethod;
  readonly types: OpenService["types"];
  readonly body: BodyRule;
  /** The field of the response that is the body; undefined for all of it. */
  readonly responseField: DescField | undefined;
}

/** A binding that cannot be served. */
interface UnusableBinding {
  readonly method: DescMethod;
  readonly reason: string;
}

export interface RestBindings {
  readonly usable: readonly RestBinding[];
  readonly unusable: readonly UnusableBinding[];
}

/** All bindings of a service's open methods. */
export function bindingsOf({ methods, types }: OpenService): RestBindings {
  const usable: RestBinding[] = [];
  const unusable: UnusableBinding[] = [];
  for (const method of methods) {
    if (!hasOption(method, http)) continue;
    const rule = getOption(method, http);
    for (const one of [rule, ...rule.additionalBindings]) {
      try {
        usable.push(bindingOf(method, one, types));
      } catch (error) {
        unusable.push({ method, reason: error instanceof Error ? error.message : String(error) });
      }
    }
  }
  return { usable, unusable };
}

function bindingOf(method: DescMethod, rule: HttpRule, types: OpenService["types"]): RestBinding {
  const { httpMethod, path } = patternOf(rule);
  const template = parsePathTemplate(path);
  if (method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming") {
    throw new RangeError("a stream of requests has no form in REST: call it by WebSocket");
  }
  for (const { fieldPath } of template.variables) {
    const fields = findFields(method.input, fieldPath);
    const field = fields?.at(-1);
    const name = fieldPath.join(".");
    if (field === undefined)
      throw new RangeError(`${method.input.typeName} has no field ${name}, which its path has`);
    if (field.fieldKind === "list" || textKindOf(field) === undefined) {
      throw new RangeError(
        `${name} of ${method.input.typeName} cannot stand in a path: it must be a single scalar`,
      );
    }
  }
  return {
    httpMethod,
    path,
    template,
    method,
    types,
    body: bodyRuleOf(method, rule.body),
    responseField: rule.responseBody === "" ? undefined : topField(method.output, rule.responseBody),
  };
}

function patternOf({ pattern }: HttpRule): { readonly httpMethod: string; readonly path: string } {
  switch (pattern.case) {
    case undefined:
      throw new RangeError("the rule has no path");
    case "custom":
      return { httpMethod: pattern.value.kind.toUpperCase(), path: pattern.value.path };
    default:
      return { httpMethod: pattern.case.toUpperCase(), path: pattern.value };
  }
}

function bodyRuleOf({ input }: DescMethod, body: string): BodyRule {
  if (body === "") return { type: "none" };
  return body === "*" ? { type: "all" } : { type: "field", field: topField(input, body) };
}

function topField(message: DescMethod["input"], name: string): DescField {
  const field = message.fields.find((field) => field.name === name || field.jsonName === name);
  if (field === undefined) throw new RangeError(`${message.typeName} has no field ${name}`);
  return field;
}
