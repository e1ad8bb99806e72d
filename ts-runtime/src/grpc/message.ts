// Messages of one type to frames and back, by the codec of the hot path where it knows the type.
import { create, type DescMessage, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { decode, encodeBehind, holdsBytes } from "../codec/index.ts";
import { frameHeaderBytes, writeFrameHeader } from "./frame.ts";

/** A message as a frame that is not compressed. It is to be sent, not to be kept. */
export function encodeFrame<D extends DescMessage>(desc: D, init: MessageInitShape<D>): Buffer {
  try {
    return writeFrameHeader(encodeBehind(desc, create(desc, init), frameHeaderBytes), false);
  } catch (error) {
    throw unfit("serialize", desc, error);
  }
}

/** @throws ConnectError `Internal` for bytes that are no message of the type. */
export function decodeMessage<D extends DescMessage>(desc: D, data: Uint8Array): MessageShape<D> {
  try {
    // Its fields of bytes would keep all that came with it alive.
    return decode(desc, holdsBytes(desc) ? new Uint8Array(data) : data);
  } catch (error) {
    throw unfit("parse", desc, error);
  }
}

function unfit(what: string, { typeName }: DescMessage, error: unknown): ConnectError {
  const why = error instanceof Error ? error.message : String(error);
  return new ConnectError(
    `${what} binary of ${typeName}: ${why}`,
    Code.Internal,
    undefined,
    undefined,
    error,
  );
}
