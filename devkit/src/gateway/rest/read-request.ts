// The request message of a REST call: its body, then its query, then its path, which has the last word.
import { create, fromJson, mergeFromJson, type JsonValue, type Message } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import type { RestBinding } from "./binding.ts";
import { httpBodyJson, isHttpBody } from "./http-body.ts";
import { mergeTexts, type TextOf } from "./merge-texts.ts";
import { RestError } from "./rest-error.ts";
import type { PathMatch } from "./route-tree.ts";

export interface RestInput {
  readonly binding: RestBinding;
  readonly values: PathMatch<RestBinding>["values"];
  readonly query: URLSearchParams;
  readonly contentType: string | undefined;
  readonly body: Buffer;
}

/** @throws RestError or ConnectError that names what cannot be read. */
export function readRequest(input: RestInput): Message {
  const { binding, values } = input;
  const { method, types } = binding;
  const message = messageOfBody(input);
  mergeTexts(method.input, message, queryTexts(input), types);
  mergeTexts(
    method.input,
    message,
    values.map(([fieldPath, text]) => ({ fieldPath, texts: [text] })),
    types,
  );
  return message;
}

function messageOfBody(input: RestInput): Message {
  const { binding, body, contentType } = input;
  const { method, types } = binding;
  const options = { registry: types };
  switch (binding.body.type) {
    case "none":
      if (body.length > 0) throw invalid("the request has a body, and this method takes none");
      return create(method.input);
    case "all":
      if (isHttpBody(method.input)) return fromJson(method.input, rawBody(body, contentType), options);
      return parsed(() => fromJson(method.input, jsonBody(input) ?? {}, options));
    case "field": {
      const { field } = binding.body;
      const message = create(method.input);
      const isRaw = field.fieldKind === "message" && isHttpBody(field.message);
      const json = isRaw ? rawBody(body, contentType) : jsonBody(input);
      if (json === undefined) return message;
      return parsed(() => mergeFromJson(method.input, message, { [field.jsonName]: json }, options));
    }
  }
}

function rawBody(data: Buffer, contentType: string | undefined) {
  return httpBodyJson({ contentType: contentType ?? "application/octet-stream", data });
}

/** Undefined for an empty body. */
function jsonBody({ body, contentType }: RestInput): JsonValue | undefined {
  if (body.length === 0) return undefined;
  const type = contentType?.split(";", 1)[0]?.trim().toLowerCase() ?? "application/json";
  if (type !== "application/json" && !type.endsWith("+json")) {
    throw new RestError(
      415,
      Code.InvalidArgument,
      `the body must be application/json, not ${type.slice(0, 100)}`,
    );
  }
  try {
    return JSON.parse(body.toString("utf8")) as JsonValue;
  } catch (error) {
    throw invalid(`the body is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RestError) throw error;
    throw invalid(`the body does not fit: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** @throws RestError for a parameter of a field that comes by another way. */
function queryTexts({ binding, query }: RestInput): readonly TextOf[] {
  const inPath = new Set(binding.template.variables.map(({ fieldPath }) => fieldPath.join(".")));
  return [...new Set(query.keys())].map((name) => {
    const fieldPath = name.split(".");
    if (binding.body.type === "all") throw invalid(`the parameter ${name} belongs into the body`);
    const [top] = fieldPath;
    if (
      binding.body.type === "field" &&
      (top === binding.body.field.name || top === binding.body.field.jsonName)
    ) {
      throw invalid(`the parameter ${name} belongs into the body`);
    }
    if (inPath.has(name)) throw invalid(`the parameter ${name} is in the path already`);
    return { fieldPath, texts: query.getAll(name) };
  });
}

function invalid(message: string): RestError {
  return new RestError(400, Code.InvalidArgument, message);
}
