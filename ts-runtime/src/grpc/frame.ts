// gRPC's framing: each message after a byte of flags and its length in four. Invariants:
//   F1. A length above the limit is refused before anything of the message is kept.
//   F2. However the bytes are cut into chunks, the frames are the same. A frame within one chunk is not copied.
//   F3. What waits for the rest of a frame holds little more memory than its bytes: many small chunks are put together. As
//       objects of their own, those of one byte took a hundred times of it.
import { Code, ConnectError } from "@connectrpc/connect";

export const frameHeaderBytes = 5;
const compressedFlag = 1;
/** Below this size a chunk is copied to those before it, once so many wait: what comes as usual never is. */
const smallBytes = 1024;
const manyChunks = 16;
const pileBytes = 16 * 1024;

export interface Frame {
  readonly compressed: boolean;
  readonly data: Buffer;
}

/** Fills in the five bytes in front of a message. */
export function writeFrameHeader(frame: Buffer, compressed: boolean): Buffer {
  const length = frame.length - frameHeaderBytes;
  frame[0] = compressed ? compressedFlag : 0;
  frame[1] = length >>> 24;
  frame[2] = length >>> 16;
  frame[3] = length >>> 8;
  frame[4] = length;
  return frame;
}

/**
 * The data of the one frame that a chunk is, not compressed; undefined for any other chunk, whatever is wrong with it:
 * the short way for the one message of a unary call.
 */
export function soleFrame(chunk: Buffer, maxBytes: number): Buffer | undefined {
  if (chunk.length < frameHeaderBytes || chunk[0] !== 0) return undefined;
  const length = chunk.readUInt32BE(1);
  return length === chunk.length - frameHeaderBytes && length <= maxBytes
    ? chunk.subarray(frameHeaderBytes)
    : undefined;
}

/** Takes chunks, gives frames. */
export class FrameReader {
  /** Bytes that came and were not given. */
  buffered = 0;
  readonly #maxBytes: number;
  readonly #count: { bytes: number } | undefined;
  readonly #chunks: Buffer[] = [];
  /** Where in the first chunk the next byte is. */
  #at = 0;
  /** Small chunks, one behind the other (F3): what is filled of it is the last chunk. */
  #pile: Buffer | undefined;
  #filled = 0;
  /** Of the frame whose header has been read. */
  #length: number | undefined;
  #compressed = false;

  /** @param count of bytes that are buffered, by this reader and others. */
  constructor(maxBytes: number, count?: { bytes: number }) {
    this.#maxBytes = maxBytes;
    this.#count = count;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.buffered += chunk.length;
    if (this.#count !== undefined) this.#count.bytes += chunk.length;
    if (chunk.length < smallBytes && this.#chunks.length >= manyChunks) return this.#pileUp(chunk);
    this.#pile = undefined;
    this.#chunks.push(chunk);
  }

  /**
   * The next frame; undefined where its end has not come.
   * @throws ConnectError: `ResourceExhausted` for one that is too large, `Internal` for flags that gRPC does not know.
   */
  next(): Frame | undefined {
    if (this.#length === undefined) {
      if (this.buffered < frameHeaderBytes) return undefined;
      const header = this.#take(frameHeaderBytes);
      const flags = header[0] ?? 0;
      if (flags > compressedFlag) {
        throw new ConnectError(`protocol error: unknown flags of a message: ${flags}`, Code.Internal);
      }
      const length = header.readUInt32BE(1);
      if (length > this.#maxBytes) throw tooLarge(length, this.#maxBytes);
      this.#length = length;
      this.#compressed = flags === compressedFlag;
    }
    if (this.buffered < this.#length) return undefined;
    const data = this.#take(this.#length);
    this.#length = undefined;
    return { compressed: this.#compressed, data };
  }

  /** @throws ConnectError `InvalidArgument` where a frame has begun and will not end. */
  end(): void {
    if (this.buffered === 0 && this.#length === undefined) return;
    throw new ConnectError("protocol error: the last message is incomplete", Code.InvalidArgument);
  }

  /** Forgets what came. */
  clear(): void {
    this.#chunks.length = 0;
    if (this.#count !== undefined) this.#count.bytes -= this.buffered;
    this.#pile = undefined;
    this.buffered = 0;
    this.#at = 0;
    this.#length = undefined;
  }

  /** F3 */
  #pileUp(chunk: Buffer): void {
    if (this.#pile === undefined || this.#filled + chunk.length > pileBytes) {
      this.#pile = Buffer.allocUnsafeSlow(pileBytes);
      this.#filled = 0;
      this.#chunks.push(this.#pile);
    }
    this.#pile.set(chunk, this.#filled);
    this.#filled += chunk.length;
    this.#chunks[this.#chunks.length - 1] = this.#pile.subarray(0, this.#filled);
  }

  #take(length: number): Buffer {
    this.buffered -= length;
    if (this.#count !== undefined) this.#count.bytes -= length;
    const first = this.#chunks[0];
    if (first !== undefined && first.length - this.#at >= length) {
      const taken = first.subarray(this.#at, (this.#at += length));
      if (this.#at === first.length) this.#drop();
      return taken;
    }
    const taken = Buffer.allocUnsafe(length);
    for (let filled = 0; filled < length;) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) break;
      const copied = chunk.copy(taken, filled, this.#at, Math.min(chunk.length, this.#at + length - filled));
      filled += copied;
      this.#at += copied;
      if (this.#at === chunk.length) this.#drop();
    }
    return taken;
  }

  #drop(): void {
    this.#chunks.shift();
    this.#at = 0;
  }
}

function tooLarge(length: number, maxBytes: number): ConnectError {
  return new ConnectError(
    `message size ${length} is larger than configured readMaxBytes ${maxBytes}`,
    Code.ResourceExhausted,
  );
}
