// How a call ended, for people and programs: gRPC's own name of the code, and the details in JSON.
import { createRegistry, fromBinary, toJsonString, type Registry } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { errorDetail, SamspelError } from "@samspel/runtime";
import { ErrorDetailSchema } from "@samspel/runtime/gen/samspel/v1/errors_pb.js";

export interface CallEnd {
  readonly type: "end";
  /** The gRPC code's name, such as `OK` or `FAILED_PRECONDITION`. */
  readonly code: string;
  /** What the error says; empty for `OK`. */
  readonly message: string;
  /** The error's details of known types, each as JSON with its `@type`. */
  readonly details: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly trailers: Readonly<Record<string, string>>;
  readonly tookMs: number;
}

/** What of an end is about the error. */
export type Outcome = Pick<CallEnd, "code" | "message" | "details">;

export const succeeded: Outcome = { code: "OK", message: "", details: [] };

/** The outcome of a call that failed. */
export function outcomeOf(error: unknown, types: Registry): Outcome {
  if (error instanceof SamspelError) {
    const own = errorDetail(error);
    const details =
      own === undefined ? [] : [withType(ErrorDetailSchema.typeName, toJsonString(ErrorDetailSchema, own))];
    return { code: codeName(error.grpc), message: error.message, details };
  }
  const { code, rawMessage, details } = ConnectError.from(error);
  const known = createRegistry(types, ErrorDetailSchema);
  return {
    code: codeName(code),
    message: rawMessage,
    details: details.flatMap((detail) => {
      if (!("type" in detail)) return [];
      const schema = known.getMessage(detail.type);
      if (schema === undefined) return [];
      try {
        const json = toJsonString(schema, fromBinary(schema, detail.value), { registry: known });
        return [withType(detail.type, json)];
      } catch {
        // Bytes that are no such message say nothing.
        return [];
      }
    }),
  };
}

/** `FailedPrecondition` is `FAILED_PRECONDITION` to gRPC. */
function codeName(code: Code): string {
  if (code === Code.Canceled) return "CANCELLED";
  return Code[code].replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

function withType(type: string, json: string): string {
  return json === "{}" ? `{"@type":"${type}"}` : `{"@type":"${type}",${json.slice(1)}`;
}
