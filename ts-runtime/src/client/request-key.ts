// To whom a request belongs: its field that is marked with `(samspel.v1.key)`.
import type { DescField, DescMethod } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { findKeyField } from "../descriptor/index.ts";

const frameHeadBytes = 5;
const fields = new WeakMap<DescMethod, { readonly field: DescField | undefined }>();

/** The key of a request, a message or what one is made from; undefined where it has none, or an empty one. */
export function requestKey(method: DescMethod, request: unknown): string | undefined {
  const field = keyFieldOf(method);
  if (field === undefined || typeof request !== "object" || request === null) return undefined;
  const value: unknown = Reflect.get(request, field.localName);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The same of a request as bytes: a frame of gRPC. Undefined also where it is compressed, or not to be read. */
export function keyInFrame(method: DescMethod, frame: Uint8Array): string | undefined {
  const field = keyFieldOf(method);
  if (field === undefined || frame[0] !== 0) return undefined;
  let key = "";
  try {
    const reader = new BinaryReader(frame.subarray(frameHeadBytes));
    while (reader.pos < reader.len) {
      const [number, type] = reader.tag();
      if (number === field.number && type === WireType.LengthDelimited) key = reader.string();
      else reader.skip(type, number);
    }
  } catch {
    // Whoever decodes it says what is wrong with it.
    return undefined;
  }
  return key === "" ? undefined : key;
}

function keyFieldOf(method: DescMethod): DescField | undefined {
  let known = fields.get(method);
  if (known === undefined) fields.set(method, (known = { field: findKeyField(method.input) }));
  return known.field;
}
