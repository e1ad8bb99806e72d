// The suite talks with its programs in messages, each after its length in four bytes.
import type { Readable, Writable } from "node:stream";
import { fromBinary, toBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";

const lengthBytes = 4;

/** The messages of a stream, one after the other. */
export async function* readMessages<D extends DescMessage>(
  schema: D,
  input: Readable,
): AsyncGenerator<MessageShape<D>> {
  let pending = Buffer.alloc(0);
  for await (const chunk of input as AsyncIterable<Buffer>) {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= lengthBytes) {
      const end = lengthBytes + pending.readUInt32BE();
      if (pending.length < end) break;
      yield fromBinary(schema, pending.subarray(lengthBytes, end));
      pending = pending.subarray(end);
    }
  }
}

export function writeMessage<D extends DescMessage>(
  schema: D,
  message: MessageShape<D>,
  output: Writable,
): void {
  const body = toBinary(schema, message);
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32BE(body.length);
  output.write(Buffer.concat([length, body]));
}
