// Errors of REST: google.rpc.Status as JSON, under the HTTP status that google/rpc/code.proto gives the code.
import {
  create,
  fromBinary,
  toJson,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  type Message,
  type Registry,
} from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorDetailSchema } from "@samspel/runtime/gen/samspel/v1/errors_pb.js";
import { httpStatusOf } from "../http/status.ts";

/** A failure of REST itself, which has an HTTP status of its own. */
export class RestError extends Error {
  override readonly name = "RestError";
  readonly httpStatus: number;
  readonly code: Code;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    httpStatus: number,
    code: Code,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.httpStatus = httpStatus;
    this.code = code;
    this.headers = headers;
  }
}

export interface RestFailure {
  readonly httpStatus: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A google.rpc.Status. */
  readonly body: JsonObject;
}

export function restFailure(error: RestError | ConnectError, types: Registry | undefined): RestFailure {
  if (error instanceof RestError) {
    const { httpStatus, code, message, headers } = error;
    return { httpStatus, headers, body: { code, message, details: [] } };
  }
  const { code, rawMessage: message } = error;
  const retryAfter = error.findDetails(ErrorDetailSchema)[0]?.retryAfter;
  return {
    httpStatus: httpStatusOf(code),
    headers: {
      ...(code === Code.Unauthenticated ? { "www-authenticate": "Bearer" } : {}),
      ...(retryAfter === undefined
        ? {}
        : { "retry-after": String(Math.ceil(durationMs(retryAfter) / 1_000)) }),
    },
    body: { code, message, details: error.details.map((detail) => detailJson(detail, types)) },
  };
}

/** As ProtoJSON has an Any; what no descriptors tell of, by its bytes. */
function detailJson(detail: ConnectError["details"][number], types: Registry | undefined): JsonValue {
  if ("desc" in detail) return withType(detail.desc, create(detail.desc, detail.value), types);
  const schema = types?.getMessage(detail.type);
  if (schema !== undefined) {
    try {
      return withType(schema, fromBinary(schema, detail.value), types);
    } catch {
      // Not what it says it is: its bytes are.
    }
  }
  return { "@type": typeUrl(detail.type), value: Buffer.from(detail.value).toString("base64") };
}

function withType(schema: DescMessage, message: Message, types: Registry | undefined): JsonValue {
  const json = toJson(schema, message, types === undefined ? {} : { registry: types });
  const isObject = typeof json === "object" && json !== null && !Array.isArray(json);
  return { "@type": typeUrl(schema.typeName), ...(isObject ? json : { value: json }) };
}

function typeUrl(typeName: string): string {
  return `type.googleapis.com/${typeName}`;
}
