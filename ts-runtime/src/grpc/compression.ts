// Compression of messages: which one, and within which bounds.
//
//   Z1. What a compressed message becomes is bounded by the same limit as its bytes: a bomb ends in
//       `ResourceExhausted` before it has gone off.
//   Z2. A message is compressed by us only from 64 KiB on: between neighbours it costs more than it saves. With bodies
//       of 4 KiB, a quarter of the throughput.
import { Code, ConnectError } from "@connectrpc/connect";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import { frameHeaderBytes, writeFrameHeader, type Frame } from "./frame.ts";

type Compression = typeof compressionGzip;

const defaultMinBytes = 64 * 1024;
const known: readonly Compression[] = [compressionGzip, compressionBrotli];

/** What we take, as `grpc-accept-encoding` has it. */
export const acceptEncoding: string = known.map(({ name }) => name).join(",");

/** What messages that come are compressed with; undefined where they may not be. */
export function compressionOf(encoding: string | undefined): Compression | undefined {
  if (encoding === undefined || encoding === "identity") return undefined;
  return known.find(({ name }) => name === encoding);
}

/**
 * The same at the server.
 * @throws ConnectError `Unimplemented`, which tells what would be known.
 */
export function requestCompression(encoding: string | undefined): Compression | undefined {
  const found = compressionOf(encoding);
  if (found !== undefined || encoding === undefined || encoding === "identity") return found;
  throw new ConnectError(
    `unknown compression "${encoding}": supported encodings are ${acceptEncoding}`,
    Code.Unimplemented,
    { "grpc-accept-encoding": acceptEncoding },
  );
}

/** What the answer may be compressed with: the first that the caller takes and we know. */
export function answerCompression(
  accepted: string | undefined,
  ofRequest: Compression | undefined,
): Compression | undefined {
  if (accepted === undefined || accepted === "") return ofRequest;
  if (accepted === lastAccepted) return lastAnswer;
  lastAccepted = accepted;
  lastAnswer = firstKnown(accepted);
  return lastAnswer;
}

/** Callers say the same in each call, and most of them the same as the others. */
let lastAccepted: string | undefined;
let lastAnswer: Compression | undefined;

function firstKnown(accepted: string): Compression | undefined {
  for (const name of accepted.split(",")) {
    const found = compressionOf(name.trim());
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * A message as it was before it was compressed (Z1).
 * @throws ConnectError: `Internal` where no compression was agreed on, or a message is not what it says.
 */
export function inflate(
  { data }: Frame,
  compression: Compression | undefined,
  maxBytes: number,
): Promise<Uint8Array> {
  if (compression === undefined) {
    throw new ConnectError("received a compressed message without grpc-encoding", Code.Internal);
  }
  return compression.decompress(new Uint8Array(data), maxBytes);
}

/** Whether a frame is worth it (Z2). */
export function isWorthCompressing(frame: Buffer, minBytes: number = defaultMinBytes): boolean {
  return frame.length - frameHeaderBytes >= minBytes;
}

/** The frame with its message compressed. */
export async function deflate(frame: Buffer, compression: Compression): Promise<Buffer> {
  const data = await compression.compress(new Uint8Array(frame.subarray(frameHeaderBytes)));
  const compressed = Buffer.allocUnsafe(frameHeaderBytes + data.length);
  compressed.set(data, frameHeaderBytes);
  return writeFrameHeader(compressed, true);
}

export type { Compression };
