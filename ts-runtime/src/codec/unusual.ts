// What is thrown inside of the codec where it meets something that it leaves to protobuf-es. One object, as nobody
// looks at it, and a stack would cost more than the message.

/** "Not my case": the message starts anew with protobuf-es. */
export const unusual: Error = new Error("The codec leaves this message to protobuf-es");

/** An object whose properties are read by name. */
export type Fields = Record<string, unknown>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}
