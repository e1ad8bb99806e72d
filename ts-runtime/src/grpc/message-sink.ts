// The messages that go on a stream. Invariants:
//   K1. Messages that are there at once leave in one write, and none waits longer than the tick in which it was made.
//   K2. Who writes more than the other side takes is told to wait.

import type { Compression } from "./compression.ts";
import { deflate, isWorthCompressing } from "./compression.ts";

/** A write of this size is large enough. */
const batchBytes = 32 * 1024;

interface Outlet {
  write(chunk: Buffer): boolean;
}

export class MessageSink {
  readonly #outlet: Outlet;
  readonly #compression: Compression | undefined;
  readonly #compressMinBytes: number | undefined;
  /** What waits for the end of the tick: pieces, of which the last may still grow. */
  #pieces: Buffer[] = [];
  #bytes = 0;
  /** The last piece, in the buffer that it shares. */
  #shared: ArrayBufferLike | undefined;
  #from = 0;
  #to = 0;
  #scheduled = false;
  #writable = true;
  #waiting: (() => void) | undefined;

  constructor(outlet: Outlet, compression: Compression | undefined, compressMinBytes?: number) {
    this.#outlet = outlet;
    this.#compressMinBytes = compressMinBytes;
    this.#compression = compression;
  }

  /** Takes a frame. A promise is to be waited for before the next one (K2). */
  add(frame: Buffer): Promise<void> | undefined {
    if (this.#compression !== undefined && isWorthCompressing(frame, this.#compressMinBytes)) {
      return deflate(frame, this.#compression).then((compressed) => this.#take(compressed));
    }
    return this.#take(frame);
  }

  /** What was written has left. */
  onDrain(): void {
    this.#writable = true;
    this.#waiting?.();
    this.#waiting = undefined;
  }

  /** Nothing will be taken any more: nobody waits for it. */
  close(): void {
    this.#pieces = [];
    this.#shared = undefined;
    this.#bytes = 0;
    this.onDrain();
  }

  flush(): void {
    if (this.#bytes === 0) return;
    this.#cut();
    const [first] = this.#pieces;
    const all = this.#pieces.length === 1 ? first : Buffer.concat(this.#pieces, this.#bytes);
    this.#pieces = [];
    this.#bytes = 0;
    if (all !== undefined && !this.#outlet.write(all)) this.#writable = false;
  }

  #take(frame: Buffer): Promise<void> | undefined {
    this.#bytes += frame.length;
    // Encoded one behind the other, they are one piece already.
    if (frame.buffer === this.#shared && frame.byteOffset === this.#to) {
      this.#to += frame.length;
    } else {
      this.#cut();
      this.#shared = frame.buffer;
      this.#from = frame.byteOffset;
      this.#to = frame.byteOffset + frame.length;
    }
    if (this.#bytes >= batchBytes) {
      this.flush();
      if (!this.#writable) return new Promise((resolve) => (this.#waiting = resolve));
    } else if (!this.#scheduled) {
      this.#scheduled = true;
      process.nextTick(flushLater, this);
    }
    return undefined;
  }

  #cut(): void {
    if (this.#shared === undefined) return;
    this.#pieces.push(Buffer.from(this.#shared, this.#from, this.#to - this.#from));
    this.#shared = undefined;
  }

  /** Ticks end after all promises that are settled: what they made is there (K1). */
  static endTick(this: void, sink: MessageSink): void {
    sink.#scheduled = false;
    sink.flush();
  }
}

const flushLater = MessageSink.endTick;
