// OTLP's messages in protobuf, read into the shape that they have in OTLP's JSON: so there is one way from there on.
// Only what the collector keeps is named here; all else is skipped.
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { RefusedError } from "./refused.ts";

type Scalar = "string" | "bool" | "int64" | "double" | "enum" | "fixed64" | "hex" | "base64";

interface Field {
  readonly name: string;
  readonly type: Scalar | (() => Schema);
  readonly repeated?: boolean;
}

/** By field number. */
type Schema = ReadonlyMap<number, Field>;

/** Values nest; what is nested deeper than anybody does it on purpose is refused. */
const maxDepth = 32;

const anyValue: Schema = new Map<number, Field>([
  [1, { name: "stringValue", type: "string" }],
  [2, { name: "boolValue", type: "bool" }],
  [3, { name: "intValue", type: "int64" }],
  [4, { name: "doubleValue", type: "double" }],
  [5, { name: "arrayValue", type: () => arrayValue }],
  [6, { name: "kvlistValue", type: () => keyValueList }],
  [7, { name: "bytesValue", type: "base64" }],
]);
const arrayValue: Schema = new Map([[1, { name: "values", type: () => anyValue, repeated: true }]]);
const keyValue: Schema = new Map<number, Field>([
  [1, { name: "key", type: "string" }],
  [2, { name: "value", type: () => anyValue }],
]);
const keyValueList: Schema = new Map([[1, { name: "values", type: () => keyValue, repeated: true }]]);
const attributes: Field = { name: "attributes", type: () => keyValue, repeated: true };
const resource: Schema = new Map([[1, attributes]]);

const event: Schema = new Map<number, Field>([
  [1, { name: "timeUnixNano", type: "fixed64" }],
  [2, { name: "name", type: "string" }],
  [3, attributes],
]);
const link: Schema = new Map<number, Field>([
  [1, { name: "traceId", type: "hex" }],
  [2, { name: "spanId", type: "hex" }],
]);
const status: Schema = new Map<number, Field>([
  [2, { name: "message", type: "string" }],
  [3, { name: "code", type: "enum" }],
]);
const span: Schema = new Map<number, Field>([
  [1, { name: "traceId", type: "hex" }],
  [2, { name: "spanId", type: "hex" }],
  [4, { name: "parentSpanId", type: "hex" }],
  [5, { name: "name", type: "string" }],
  [6, { name: "kind", type: "enum" }],
  [7, { name: "startTimeUnixNano", type: "fixed64" }],
  [8, { name: "endTimeUnixNano", type: "fixed64" }],
  [9, attributes],
  [11, { name: "events", type: () => event, repeated: true }],
  [13, { name: "links", type: () => link, repeated: true }],
  [15, { name: "status", type: () => status }],
]);
const scopeSpans: Schema = new Map([[2, { name: "spans", type: () => span, repeated: true }]]);
const resourceSpans: Schema = new Map<number, Field>([
  [1, { name: "resource", type: () => resource }],
  [2, { name: "scopeSpans", type: () => scopeSpans, repeated: true }],
]);

const logRecord: Schema = new Map<number, Field>([
  [1, { name: "timeUnixNano", type: "fixed64" }],
  [2, { name: "severityNumber", type: "enum" }],
  [3, { name: "severityText", type: "string" }],
  [5, { name: "body", type: () => anyValue }],
  [6, attributes],
  [9, { name: "traceId", type: "hex" }],
  [10, { name: "spanId", type: "hex" }],
  [11, { name: "observedTimeUnixNano", type: "fixed64" }],
]);
const scopeLogs: Schema = new Map([[2, { name: "logRecords", type: () => logRecord, repeated: true }]]);
const resourceLogs: Schema = new Map<number, Field>([
  [1, { name: "resource", type: () => resource }],
  [2, { name: "scopeLogs", type: () => scopeLogs, repeated: true }],
]);

const traces: Schema = new Map([[1, { name: "resourceSpans", type: () => resourceSpans, repeated: true }]]);
const logs: Schema = new Map([[1, { name: "resourceLogs", type: () => resourceLogs, repeated: true }]]);

/** Reads an export request. @throws RefusedError for what is none. */
export function readWire(bytes: Uint8Array, signal: "traces" | "logs"): unknown {
  const reader = new BinaryReader(bytes);
  try {
    return readMessage(reader, bytes.length, signal === "traces" ? traces : logs, 0);
  } catch (error) {
    if (error instanceof RefusedError) throw error;
    throw new RefusedError(400, `The body is no OTLP request in protobuf: ${String(error)}`);
  }
}

function readMessage(reader: BinaryReader, end: number, schema: Schema, depth: number): unknown {
  if (depth > maxDepth) throw new RefusedError(400, `Values must nest at most ${maxDepth} deep`);
  const message: Record<string, unknown> = {};
  while (reader.pos < end) {
    const [number, wireType] = reader.tag();
    const field = schema.get(number);
    if (field === undefined) {
      reader.skip(wireType, number);
      continue;
    }
    const value = readField(reader, field, wireType, depth);
    if (field.repeated === true) {
      const list = message[field.name];
      if (Array.isArray(list)) list.push(value);
      else message[field.name] = [value];
    } else message[field.name] = value;
  }
  if (reader.pos > end) throw new RefusedError(400, "A message is longer than what it is in");
  return message;
}

const wireTypes: Readonly<Record<Scalar, WireType>> = {
  string: WireType.LengthDelimited,
  hex: WireType.LengthDelimited,
  base64: WireType.LengthDelimited,
  bool: WireType.Varint,
  int64: WireType.Varint,
  enum: WireType.Varint,
  fixed64: WireType.Bit64,
  double: WireType.Bit64,
};

function readField(reader: BinaryReader, { name, type }: Field, wireType: WireType, depth: number): unknown {
  const expected = typeof type === "function" ? WireType.LengthDelimited : wireTypes[type];
  if (wireType !== expected) throw new RefusedError(400, `Field ${name} has the wrong wire type ${wireType}`);
  if (typeof type === "function") {
    const length = reader.uint32();
    const end = reader.pos + length;
    if (end > reader.len) throw new RefusedError(400, `Field ${name} is longer than the body`);
    return readMessage(reader, end, type(), depth + 1);
  }
  switch (type) {
    case "string":
      return reader.string();
    case "bool":
      return reader.bool();
    case "enum":
      return reader.int32();
    case "double":
      return reader.double();
    case "int64":
      return String(reader.int64());
    case "fixed64":
      return String(reader.fixed64());
    case "hex":
      return Buffer.from(reader.bytes()).toString("hex");
    case "base64":
      return Buffer.from(reader.bytes()).toString("base64");
  }
}
