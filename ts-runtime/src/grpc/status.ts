// The end of a call: `grpc-status`, `grpc-message` and, with details, a google.rpc.Status in
// `grpc-status-details-bin`, to errors and back. Invariants:
//   S1. What a peer sends as a status, however hostile, is an error or none, never a failure to read it.
//   S2. An error that came from a peer passes on with its status alone: the headers of that other call are not ours.
//   S3. Who says that a call failed is believed, whatever its details say or leave out.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { anyPack, type Any } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { StatusSchema } from "../gen/google/rpc/status_pb.ts";
import { addHeaders, fieldOf, toHeaders, type Fields, type RawFields } from "./fields.ts";
import { decodeText, encodeText } from "./grpc-message.ts";

const statusField = "grpc-status";
const messageField = "grpc-message";
const detailsField = "grpc-status-details-bin";

/** The status of a call that went well. */
export const okStatus: RawFields = [statusField, "0"];

/** Of errors that many calls fail with. */
const shared = new WeakMap<ConnectError, RawFields>();

/** Makes the fields of an error that many calls will fail with, once. It must not change any more. */
export function shareStatus(error: ConnectError): ConnectError {
  shared.set(error, makeStatusFields(error));
  return error;
}

/** The fields that say how a call failed. */
export function statusFields(error: ConnectError): RawFields {
  return shared.get(error) ?? makeStatusFields(error);
}

function makeStatusFields(error: ConnectError): RawFields {
  const fields: string[] = [];
  // S2
  if (!error.isWireError) {
    addHeaders(fields, withoutStatus(error.metadata));
    // Who was refused for its compression learns what would be known.
    const accepted = error.metadata.get("grpc-accept-encoding");
    if (accepted !== null) fields.push("grpc-accept-encoding", accepted);
  }
  fields.push(statusField, String(error.code), messageField, encodeText(error.rawMessage));
  if (error.details.length > 0) fields.push(detailsField, encodeDetails(error));
  return fields;
}

/**
 * What the end of a call says: undefined where it went well. `fields` are the trailers, or the headers where there is
 * nothing else; `head` is what came before.
 */
export function readStatus(fields: Fields, head: Fields): ConnectError | undefined {
  const code = fieldOf(fields, statusField);
  if (code === "0" && fields[detailsField] === undefined) return undefined;
  if (code === undefined) {
    return new ConnectError("protocol error: missing status", Code.Internal, toHeaders(head, fields));
  }
  const metadata = fields === head ? toHeaders(fields) : toHeaders(fields, head);
  const known = decodeDetails(fieldOf(fields, detailsField));
  // A status within a status has the say, as others have it, too; one without a code has none (S3).
  const said = /^\d{1,2}$/.test(code) ? Number(code) : -1;
  const number = known === undefined || Code[known.code] === undefined ? said : known.code;
  if (number === 0) return undefined;
  const text = known?.code === number ? known.message : decodeText(fieldOf(fields, messageField) ?? "");
  const error =
    Code[number] === undefined
      ? new ConnectError(`invalid grpc-status: ${code}`, Code.Internal, metadata)
      : new ConnectError(text, number, metadata);
  error.details = (known?.details ?? []).map(({ typeUrl, value }) => ({
    type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1),
    value: new Uint8Array(value),
  }));
  error.isWireError = true;
  return error;
}

/** Whether a block of fields says how its call ended. */
export function hasStatus(fields: Fields): boolean {
  return fields[statusField] !== undefined;
}

function withoutStatus(metadata: Headers): Headers {
  const others = new Headers(metadata);
  for (const name of [statusField, messageField, detailsField, "user-agent", "date", "trailer"])
    others.delete(name);
  return others;
}

function encodeDetails({ code, rawMessage, details }: ConnectError): string {
  const status = create(StatusSchema, {
    code,
    message: rawMessage,
    details: details.map((detail): Any | { typeUrl: string; value: Uint8Array<ArrayBuffer> } =>
      "desc" in detail
        ? anyPack(detail.desc, create(detail.desc, detail.value))
        : { typeUrl: `type.googleapis.com/${detail.type}`, value: new Uint8Array(detail.value) },
    ),
  });
  // gRPC has binary fields without padding.
  return Buffer.from(toBinary(StatusSchema, status)).toString("base64").replace(/=+$/, "");
}

/** S1 */
function decodeDetails(encoded: string | undefined) {
  if (encoded === undefined) return undefined;
  try {
    return fromBinary(StatusSchema, Buffer.from(encoded, "base64"));
  } catch {
    return undefined;
  }
}
