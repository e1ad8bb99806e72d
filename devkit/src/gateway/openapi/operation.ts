// Operations of OpenAPI: one for each binding to REST, and for each unary method without one, which can be called by
// Connect as a POST of JSON.
import type { DescField, DescMessage, DescMethod, JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { RestBinding } from "../rest/index.ts";
import { findFields, textKindOf } from "../rest/field-path.ts";
import { isHttpBody } from "../rest/http-body.ts";
import { pathOf, type OpenApiPath } from "./path.ts";
import type { Schemas } from "./schema.ts";

export interface Operation {
  /** Lower case, as OpenAPI has it. */
  readonly httpMethod: string;
  readonly path: string;
  readonly body: JsonObject;
}

const failure: JsonObject = {
  description: "The call failed.",
  content: { "application/json": { schema: { $ref: "#/components/schemas/google.rpc.Status" } } },
};

/** A binding for every HTTP method has no place in OpenAPI. */
const describable = new Set(["GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"]);

export function restOperation(
  binding: RestBinding,
  schemas: Schemas,
  operationId: string,
): Operation | undefined {
  if (!describable.has(binding.httpMethod)) return undefined;
  const { method } = binding;
  const path = pathOf(binding.template);
  const parameters = [...pathParameters(path, method), ...queryParameters(binding, schemas)];
  const content = requestContent(binding, schemas);
  return {
    httpMethod: binding.httpMethod.toLowerCase(),
    path: path.text,
    body: {
      ...heading(method, operationId),
      ...(parameters.length === 0 ? {} : { parameters }),
      ...(content === undefined ? {} : { requestBody: { required: true, content } }),
      responses: {
        "200": { description: "The answer.", content: answerContent(binding, schemas) },
        default: failure,
      },
    },
  };
}

export function connectOperation(method: DescMethod, schemas: Schemas, operationId: string): Operation {
  const json = (desc: DescMessage): JsonObject => ({ "application/json": { schema: schemas.message(desc) } });
  return {
    httpMethod: "post",
    path: `/${method.parent.typeName}/${method.name}`,
    body: {
      ...heading(method, operationId),
      requestBody: { required: true, content: json(method.input) },
      responses: {
        "200": { description: "The answer.", content: json(method.output) },
        default: {
          description: "The call failed, as Connect says it.",
          content: { "application/json": { schema: { $ref: "#/components/schemas/connect.Error" } } },
        },
      },
    },
  };
}

function heading(method: DescMethod, operationId: string): JsonObject {
  return {
    operationId,
    tags: [method.parent.typeName],
    summary: method.name,
    ...(method.deprecated ? { deprecated: true } : {}),
  };
}

function pathParameters({ parameters }: OpenApiPath, { input }: DescMethod): readonly JsonObject[] {
  return parameters.map(({ name, fieldPath, spansSegments }) => {
    const field = fieldPath === undefined ? undefined : findFields(input, fieldPath)?.at(-1);
    // A part of a field is a text, whatever the field is.
    const schema: JsonObject =
      field?.enum === undefined
        ? { type: "string" }
        : { type: "string", enum: field.enum.values.map(({ name }) => name) };
    const description = spansSegments ? { description: "It may have slashes." } : {};
    return { name, in: "path", required: true, schema, ...description };
  });
}

function queryParameters({ method, template, body }: RestBinding, schemas: Schemas): readonly JsonObject[] {
  if (body.type === "all") return [];
  const taken = new Set(template.variables.map(({ fieldPath }) => fieldPath.join(".")));
  if (body.type === "field") taken.add(body.field.name);
  const parameters: JsonObject[] = [];
  const visit = (
    message: DescMessage,
    names: readonly string[],
    jsonNames: readonly string[],
    within: ReadonlySet<string>,
  ): void => {
    for (const field of message.fields) {
      const path = [...names, field.name];
      const jsonPath = [...jsonNames, field.jsonName];
      if (taken.has(path.join("."))) continue;
      if (textKindOf(field) !== undefined) {
        const deprecated = field.deprecated ? { deprecated: true } : {};
        parameters.push({
          name: jsonPath.join("."),
          in: "query",
          schema: schemas.field(field),
          ...deprecated,
        });
      } else if (isNested(field) && !within.has(field.message.typeName)) {
        // A type within itself would have no end.
        visit(field.message, path, jsonPath, new Set([...within, field.message.typeName]));
      }
    }
  };
  visit(method.input, [], [], new Set([method.input.typeName]));
  return parameters;
}

function isNested(
  field: DescField,
): field is DescField & { readonly fieldKind: "message"; readonly message: DescMessage } {
  return (
    field.fieldKind === "message" &&
    !/^google\.protobuf\.(Any|Struct|Value|ListValue)$/.test(field.message.typeName)
  );
}

function requestContent({ method, template, body }: RestBinding, schemas: Schemas): JsonObject | undefined {
  if (body.type === "none") return undefined;
  if (body.type === "field") {
    const { field } = body;
    return content(field.fieldKind === "message" ? field.message : undefined, schemas.field(field));
  }
  const inPath = new Set(
    template.variables
      .filter(({ fieldPath }) => fieldPath.length === 1)
      .map(({ fieldPath }) => String(fieldPath[0])),
  );
  const schema =
    inPath.size === 0 ? schemas.message(method.input) : schemas.messageWithout(method.input, inPath);
  return content(method.input, schema);
}

function answerContent({ method, responseField }: RestBinding, schemas: Schemas): JsonObject {
  const schema = responseField === undefined ? schemas.message(method.output) : schemas.field(responseField);
  if (method.methodKind !== "server_streaming") {
    const message = responseField === undefined ? method.output : responseField.message;
    return content(responseField?.fieldKind === "list" ? undefined : message, schema);
  }
  const line = {
    type: "object",
    properties: { result: schema, error: { $ref: "#/components/schemas/google.rpc.Status" } },
  };
  return { "application/x-ndjson": { schema: line }, "text/event-stream": { schema: { type: "string" } } };
}

function content(message: DescMessage | undefined, schema: JsonValue): JsonObject {
  if (message !== undefined && isHttpBody(message))
    return { "*/*": { schema: { type: "string", format: "binary" } } };
  return { "application/json": { schema } };
}
